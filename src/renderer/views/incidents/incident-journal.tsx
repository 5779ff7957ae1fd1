// The journal of the minute before and after the trouble began, in the same lines as everywhere; the whole journal is one click away.
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import type { IncidentStory } from '../../../shared/model/incident.ts'
import { LinkButton } from '../../components/button.tsx'
import { cx } from '../../lib/class-names.ts'
import { hostPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { writeTime } from '../host/journal/journal-text.ts'
import { LineDetails } from '../host/journal/line-details.tsx'
import { LineRow, lineId } from '../host/journal/line-row.tsx'
import { type Line, LineStore } from '../host/journal/line-store.ts'
import css from './incident-view.module.css'

const rowRem = 1.375
const around = 60_000
/** Drawn at once; two minutes of a flood are looked at in the journal itself. */
const mostDrawn = 1_500

export function IncidentJournal(props: { story: IncidentStory }): ReactNode {
  const { incident, journal, journalProblem } = props.story
  const { startedAt, unit } = incident
  const lines = useMemo(() => {
    const store = new LineStore()
    store.append(journal)
    const all: Line[] = []
    for (let index = 0; index < store.length; index++) {
      const line = store.line(index)
      if (line) all.push(line)
    }
    return all
  }, [journal])
  const query = new URLSearchParams({
    ...(unit ? { unit: unit.name } : {}),
    ...(unit?.scope === 'user' ? { manager: 'user' } : {}),
    since: writeTime(startedAt - around),
    until: writeTime(startedAt + around),
  })
  const whole = (
    <LinkButton to={`${hostPath(incident.hostId, 'journal')}?${query}`} size="small" look="quiet">
      Open in the journal
    </LinkButton>
  )
  if (lines.length === 0) {
    return (
      <div className={css.said}>
        <p>
          {journalProblem === null
            ? 'Nothing was written within a minute of the beginning.'
            : `The journal could not be read: ${safeText(journalProblem)}`}
        </p>
        {whole}
      </div>
    )
  }
  const found = lines.findIndex(line => line.lastAt >= startedAt)
  const first = found < 0 ? lines.length : found
  const from = Math.max(0, Math.min(first - mostDrawn / 2, lines.length - mostDrawn))
  return (
    <div className={css.journal}>
      <Lines lines={lines.slice(from, from + mostDrawn)} began={first - from} />
      <div className={css.said}>
        {lines.length > mostDrawn && <p>There are {lines.length - mostDrawn} more lines. </p>}
        {journalProblem !== null && <p>{safeText(journalProblem)}</p>}
        {whole}
      </div>
    </div>
  )
}

function Lines(props: { lines: readonly Line[]; began: number }): ReactNode {
  const { lines, began } = props
  const [chosen, setChosen] = useState<number | null>(null)
  const list = useRef<HTMLDivElement>(null)
  const rowPx = rowRem * useRem()
  useEffect(() => {
    const element = list.current
    const mark = element?.querySelector<HTMLElement>('[data-began]')
    // A few lines before it are what led there.
    if (element && mark) element.scrollTop = mark.offsetTop - element.offsetTop - element.clientHeight / 2
  }, [])
  const choose = (index: number): void => {
    setChosen(index)
    list.current?.querySelector(`[data-index="${index}"]`)?.scrollIntoView({ block: 'nearest' })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = lines.length - 1
    const at = chosen ?? Math.min(began, last)
    const target = { ArrowUp: at - 1, ArrowDown: at + 1, PageUp: at - 10, PageDown: at + 10, Home: 0, End: last }[
      event.key
    ]
    if (event.key === 'Escape' && chosen !== null) setChosen(null)
    else if (target !== undefined) choose(Math.min(last, Math.max(0, target)))
    else return
    event.preventDefault()
  }
  const line = chosen === null ? undefined : lines[chosen]
  return (
    <>
      <div
        ref={list}
        className={css.lines}
        role="listbox"
        tabIndex={0}
        aria-label="Lines"
        aria-activedescendant={chosen === null ? undefined : lineId(chosen)}
        onKeyDown={onKeyDown}
        onClick={event => {
          const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-index]') : null
          if (row?.dataset.index !== undefined) setChosen(Number(row.dataset.index))
        }}
      >
        {lines.map((each, index) => (
          <div
            key={`${each.at} ${each.message}`}
            role="presentation"
            className={cx(index === began && css.began)}
            data-began={index === began || undefined}
          >
            <LineRow line={each} index={index} rowPx={rowPx} compact hostName={undefined} selected={index === chosen} />
          </div>
        ))}
        {began >= lines.length && <div role="presentation" className={css.began} data-began />}
      </div>
      {line && <LineDetails line={line} onClose={() => setChosen(null)} />}
    </>
  )
}

/** The size of a row follows the text's. */
function useRem(): number {
  const [rem, setRem] = useState(16)
  useEffect(() => {
    setRem(Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16)
  }, [])
  return rem
}
