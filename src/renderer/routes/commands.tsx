// What the keyboard and the menu can ask of the window from anywhere: palette, overview, places, the next host. Knows no screen's inside.
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react'
import { useLocation, useNavigate } from 'react-router'
import type { Unit } from '../../shared/model/unit.ts'
import { useHosts } from '../data/hosts.ts'
import { useShellEvent } from '../data/remotes.tsx'
import { hostPath, hostTabs, places } from '../lib/places.ts'
import { type Shortcut, useShortcut } from '../lib/shortcuts.ts'
import { useTypedAhead } from '../lib/use-typed-ahead.ts'

// A start shows none of them: they are loaded when the page has nothing better to do, so that the first Ctrl+K finds them there.
const Palette = lazy(async () => ({ default: (await import('../views/palette/palette.tsx')).Palette }))
const RestartDialog = lazy(async () => ({
  default: (await import('../views/palette/restart-dialog.tsx')).RestartDialog,
}))
const ShortcutsDialog = lazy(async () => ({
  default: (await import('../views/palette/shortcuts-dialog.tsx')).ShortcutsDialog,
}))

export function Commands(): ReactNode {
  const navigate = useNavigate()
  const hosts = useHosts()
  const [open, setOpen] = useState<'palette' | 'shortcuts' | null>(null)
  const [restarting, setRestarting] = useState<Unit | null>(null)
  const close = (): void => setOpen(null)
  const go = (path: string) => () => void navigate(path)
  const toHost = useNextHost()
  // Who presses Ctrl+K right after the start types before the palette is loaded.
  const takeTyped = useTypedAhead(open === 'palette')

  useShortcut(everywhere('mod+k', 'Command palette', () => setOpen(open === 'palette' ? null : 'palette')))
  useShortcut(everywhere('?', 'Keyboard shortcuts', () => setOpen('shortcuts')))
  useShortcut({ keys: 'g f', label: 'Fleet', group: 'Go to', run: go(places.fleet) })
  useShortcut({ keys: 'g i', label: 'Incidents', group: 'Go to', run: go(places.incidents) })
  useShortcut({ keys: 'g c', label: 'Checks', group: 'Go to', run: go(places.checks) })
  useShortcut({ keys: 'g l', label: 'Logins', group: 'Go to', run: go(places.logins) })
  useShortcut({ keys: 'g b', label: 'Backups', group: 'Go to', run: go(places.backups) })
  useShortcut({ keys: 'g m', label: 'Maintenance', group: 'Go to', run: go(places.maintenance) })
  useShortcut({ keys: 'g a', label: 'Activity', group: 'Go to', run: go(places.activity) })
  useShortcut({ keys: 'g s', label: 'Settings', group: 'Go to', run: go(places.settings) })
  useShortcut({ keys: 'g n', label: 'Add host', group: 'Go to', run: go(places.addHost) })
  useShortcut({ keys: 'ArrowRight', label: 'Next host', group: 'Go to', run: () => toHost(1) }, toHost.possible)
  useShortcut({ keys: 'ArrowLeft', label: 'Previous host', group: 'Go to', run: () => toHost(-1) }, toHost.possible)

  useShellEvent('menu.command', command => {
    if (command === 'settings') void navigate(places.settings)
    else if (command === 'add-host') void navigate(places.addHost)
    else setOpen(command)
  })

  const quiet = useQuiet()
  if (!quiet && open === null) return null
  return (
    <Suspense>
      <Palette
        open={open === 'palette'}
        onClose={close}
        onShortcuts={() => setOpen('shortcuts')}
        onRestart={setRestarting}
        takeTyped={takeTyped}
      />
      <ShortcutsDialog open={open === 'shortcuts'} onClose={close} />
      {restarting && (
        <RestartDialog
          unit={restarting}
          hostName={hosts.data?.find(view => view.host.id === restarting.hostId)?.host.name ?? restarting.hostId}
          onClose={() => setRestarting(null)}
        />
      )}
    </Suspense>
  )
}

/** True from the first quiet moment of the page on. */
function useQuiet(): boolean {
  const [quiet, setQuiet] = useState(false)
  useEffect(() => {
    const waiting = requestIdleCallback(() => setQuiet(true), { timeout: 2000 })
    return () => cancelIdleCallback(waiting)
  }, [])
  return quiet
}

function everywhere(keys: string, label: string, run: () => void): Shortcut {
  return { keys, label, group: 'Everywhere', run }
}

/** Goes to the host after or before the shown one in the sidebar, and stays on the same tab. */
function useNextHost(): { (step: 1 | -1): void; possible: boolean } {
  const navigate = useNavigate()
  const { pathname } = useLocation()
  const hosts = useHosts()
  // Where the last press led: the place may still be loading when the next press comes.
  const aim = useRef<{ from: string; id: string } | null>(null)
  const [, section, shown, tab] = pathname.split('/')
  const ids = hosts.data?.map(view => view.host.id) ?? []
  const here = section === 'hosts' && shown !== undefined ? decodeURIComponent(shown) : ''
  const go = (step: 1 | -1): void => {
    const from = aim.current?.from === pathname ? aim.current.id : here
    const next = ids[(ids.indexOf(from) + step + ids.length) % ids.length]
    if (next === undefined) return
    aim.current = { from: pathname, id: next }
    const same = hostTabs.find(known => known === tab)
    void navigate(hostPath(next, same))
  }
  return Object.assign(go, { possible: ids.includes(here) && ids.length > 1 })
}
