// The window: sidebar, banners, the screen. Decides only whether the person is met by the welcome first.
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react'
import { Outlet, useNavigate } from 'react-router'
import { LoadingState, QueryFaces } from '../components/faces.tsx'
import { ToastRegion } from '../components/toast.tsx'
import { useSettings } from '../data/hosts.ts'
import { useShellEvent } from '../data/remotes.tsx'
import { firstRunWasDone, rememberFirstRun } from '../lib/first-run.ts'
import { listenForShortcuts } from '../lib/shortcuts.ts'
import { useTheme } from '../lib/theme.ts'
import { Banners } from './banners.tsx'
import { Commands } from './commands.tsx'
import { PlaceAnnouncer } from './place-announcer.tsx'
import css from './root.module.css'
import { RunToasts } from './run-toasts.tsx'
import { Sidebar } from './sidebar.tsx'

// Seen once in the life of an installation, so not part of what every start loads.
const WelcomeView = lazy(async () => ({ default: (await import('../views/welcome/welcome-view.tsx')).WelcomeView }))

export function Root(): ReactNode {
  const settings = useSettings()
  const navigate = useNavigate()
  useTheme(settings.data?.theme)
  useShellEvent('route.open', path => void navigate(path))
  useEffect(() => listenForShortcuts(), [])
  return (
    <ToastRegion>
      <div className={css.window}>
        <Banners />
        <Screen settings={settings} />
      </div>
    </ToastRegion>
  )
}

/** Until the engine has answered, the frame stands where the last start ended in it: its screens show themselves that they wait. */
function Screen(props: { settings: ReturnType<typeof useSettings> }): ReactNode {
  const { settings } = props
  const [wasDone] = useState(firstRunWasDone)
  const answer = settings.data?.firstRunDone
  useEffect(() => {
    if (answer !== undefined) rememberFirstRun(answer)
  }, [answer])
  if (answer ?? (wasDone && settings.error === null)) return <Frame />
  return (
    <QueryFaces query={settings} failed="Quarterdeck could not start" loading="Starting">
      {() => (
        <Suspense fallback={<LoadingState />}>
          <WelcomeView />
        </Suspense>
      )}
    </QueryFaces>
  )
}

function Frame(): ReactNode {
  return (
    <div className={css.frame}>
      <button type="button" className={css.skip} onClick={() => document.getElementById('content')?.focus()}>
        Skip to content
      </button>
      <Sidebar />
      <Commands />
      <RunToasts />
      <PlaceAnnouncer />
      <main id="content" className={css.content} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  )
}
