// A page within the page of a host: the way back, its title and what belongs beside it, over a body that scrolls with them. Knows no host.
import { ArrowLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import { LinkButton } from './button.tsx'
import css from './sub-page.module.css'

export function SubPage(props: {
  readonly back: { readonly to: string; readonly label: string }
  readonly title: string
  /** After the title. */
  readonly aside?: ReactNode
  readonly children: ReactNode
}): ReactNode {
  const { back, title, aside, children } = props
  return (
    <div className={css.view}>
      <header className={css.header}>
        <LinkButton to={back.to} look="quiet" size="small" icon={ArrowLeft}>
          {back.label}
        </LinkButton>
        <h2 className={css.title}>{title}</h2>
        {aside}
      </header>
      <div className={css.body}>{children}</div>
    </div>
  )
}
