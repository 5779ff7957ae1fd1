// Cards to choose a kind by: of a check, of a channel. Knows no kind.
import type { ReactNode } from 'react'
import type { KindInfo } from '../../shared/model/check.ts'
import { safeText } from '../lib/safe-text.ts'
import css from './kind-cards.module.css'

export function KindCards(props: {
  question: string
  kinds: readonly KindInfo[]
  onChoose: (type: string) => void
}): ReactNode {
  return (
    <section aria-label={props.question}>
      <p className={css.question}>{props.question}</p>
      <div className={css.cards}>
        {props.kinds.map(kind => (
          <button key={kind.type} type="button" className={css.card} onClick={() => props.onChoose(kind.type)}>
            <strong>{safeText(kind.title)}</strong>
            <span>{safeText(kind.description)}</span>
          </button>
        ))}
      </div>
    </section>
  )
}
