// A key or a sequence of keys as caps; knows nothing of what they do.
import type { ReactNode } from 'react'
import { spokenKeys } from '../lib/shortcuts.ts'
import css from './kbd.module.css'

/** `keys` as in the shortcut registry: `mod+k`, `g f`, `/`. */
export function Kbd(props: { keys: string }): ReactNode {
  return (
    <span className={css.keys}>
      {spokenKeys(props.keys).map(key => (
        <kbd key={key} className={css.key}>
          {key}
        </kbd>
      ))}
    </span>
  )
}
