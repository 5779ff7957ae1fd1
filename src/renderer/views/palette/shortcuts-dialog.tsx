// The overview of all shortcuts that work on the present screen, from the registry.
import type { ReactNode } from 'react'
import { Dialog } from '../../components/dialog.tsx'
import { Kbd } from '../../components/kbd.tsx'
import { type Shortcut, useShortcutList } from '../../lib/shortcuts.ts'
import css from './shortcuts-dialog.module.css'

const groups: readonly Shortcut['group'][] = ['Everywhere', 'Go to', 'This screen']

export function ShortcutsDialog(props: { open: boolean; onClose: () => void }): ReactNode {
  return (
    <Dialog open={props.open} title="Keyboard shortcuts" onClose={props.onClose}>
      <ShortcutGroups />
    </Dialog>
  )
}

function ShortcutGroups(): ReactNode {
  const shortcuts = useShortcutList()
  return groups.map(group => {
    // One line for each key: the one added last is the one that works.
    const lines = new Map(shortcuts.filter(item => item.group === group).map(item => [item.keys, item.label]))
    if (lines.size === 0) return null
    return (
      <section key={group} aria-label={group}>
        <h3 className={css.heading}>{group}</h3>
        <dl>
          {[...lines].map(([keys, label]) => (
            <div key={keys} className={css.line}>
              <dt>{label}</dt>
              <dd>
                <Kbd keys={keys} />
              </dd>
            </div>
          ))}
        </dl>
      </section>
    )
  })
}
