// The window: sidebar, banners, the screen. Decides only whether the person is met by the welcome first.
import { type ReactNode, useEffect } from 'react'
import { Outlet, useNavigate } from 'react-router'
import { QueryFaces } from '../components/faces.tsx'
import { ToastRegion } from '../components/toast.tsx'
import { useSettings } from '../data/hosts.ts'
import { useShellEvent } from '../data/remotes.tsx'
import { listenForShortcuts } from '../lib/shortcuts.ts'
import { useTheme } from '../lib/theme.ts'
import { WelcomeView } from '../views/welcome/welcome-view.tsx'
import { Banners } from './banners.tsx'
import { Commands } from './commands.tsx'
import { PlaceAnnouncer } from './place-announcer.tsx'
import css from './root.module.css'
import { RunToasts } from './run-toasts.tsx'
import { Sidebar } from './sidebar.tsx'

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
        <QueryFaces query={settings} failed="Quarterdeck could not start" loading="Starting">
          {({ firstRunDone }) => (firstRunDone ? <Frame /> : <WelcomeView />)}
        </QueryFaces>
      </div>
    </ToastRegion>
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
