// Brings a person to the first field that is wrong, once a form was refused. Knows no field.
import { type RefObject, useEffect, useRef } from 'react'

/** Give it to the form; `errors` are new ones with each attempt. */
export function useFirstMistake(errors: Readonly<Record<string, string>>): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (Object.keys(errors).length === 0) return
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"], fieldset[data-invalid]')
    // a question of several fields is answered from its first one on
    const field = wrong?.matches('fieldset') ? wrong.querySelector<HTMLElement>('input, select, textarea') : wrong
    field?.focus()
  }, [errors])
  return form
}
