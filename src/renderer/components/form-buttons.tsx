// The end of a form: its save button, whatever else it offers, and the way back without saving. Knows no form.
import type { ReactNode } from 'react'
import { Button, ButtonRow, LinkButton } from './button.tsx'

export function FormButtons(props: {
  /** What is under way of the form; its save is named `save`. */
  readonly busy: string | null
  readonly save: string
  readonly back: string
  /** Between the two. */
  readonly children?: ReactNode
  /** After them. */
  readonly remove?: ReactNode
}): ReactNode {
  const { busy, save, back, children, remove } = props
  return (
    <ButtonRow>
      <Button type="submit" look="primary" loading={busy === 'save'}>
        {save}
      </Button>
      {children}
      <LinkButton to={back} look="quiet">
        Cancel
      </LinkButton>
      {remove}
    </ButtonRow>
  )
}
