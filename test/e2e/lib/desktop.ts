// A private desktop for one test: its own home, XDG folders, display, session bus, notification service and, where wanted, keyring.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDisplay } from '../../../scripts/lib/display.mjs'
import { type Keyring, startKeyring } from '../../fakes/keyring.ts'
import { type NotificationDaemon, startNotificationDaemon } from '../../fakes/notification-daemon.ts'
import { startSessionBus } from '../../fakes/session-bus.ts'
import { startTrayWatcher, type TrayWatcher } from '../../fakes/tray-watcher.ts'

export interface DesktopOptions {
  /** `open` and `locked` are a real gnome-keyring. */
  readonly keyring?: 'none' | 'open' | 'locked'
  readonly notifications?: boolean
  /** A place for tray icons. */
  readonly tray?: boolean
}

export interface Desktop {
  /** The private home; everything the app may write lies under it. */
  readonly home: string
  readonly env: Record<string, string>
  readonly notifications: NotificationDaemon | null
  readonly keyring: Keyring | null
  readonly tray: TrayWatcher | null
  dispose(): Promise<void>
}

// Names and tools of the machine, and nothing else, come into the private desktop.
const inherited = ['PATH', 'LANG', 'TZ', 'CI'] as const

export async function startDesktop(options: DesktopOptions = {}): Promise<Desktop> {
  const home = mkdtempSync(join(tmpdir(), 'quarterdeck-e2e-'))
  const runtime = join(home, 'run')
  mkdirSync(runtime, { mode: 0o700 })
  const ends: (() => unknown)[] = [() => rmSync(home, { recursive: true, force: true, maxRetries: 5 })]
  const dispose = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end()
  }
  try {
    const bus = await startSessionBus(runtime)
    ends.push(() => bus.stop())
    const env: Record<string, string> = {
      HOME: home,
      XDG_CONFIG_HOME: join(home, '.config'),
      XDG_DATA_HOME: join(home, '.local/share'),
      XDG_CACHE_HOME: join(home, '.cache'),
      XDG_STATE_HOME: join(home, '.local/state'),
      XDG_RUNTIME_DIR: runtime,
      DBUS_SESSION_BUS_ADDRESS: bus.address,
      USER: 'tester',
    }
    for (const name of inherited) {
      const value = process.env[name]
      if (value !== undefined) env[name] = value
    }
    if (process.env.DISPLAY) env.DISPLAY = process.env.DISPLAY
    else {
      const display = await startDisplay()
      ends.push(() => display.stop())
      env.DISPLAY = display.display
    }
    const notifications = options.notifications === false ? null : await startNotificationDaemon(bus.address)
    ends.push(() => notifications?.stop())
    const tray = options.tray ? await startTrayWatcher(bus.address) : null
    ends.push(() => tray?.stop())
    let keyring: Keyring | null = null
    if (options.keyring === 'open' || options.keyring === 'locked') {
      // What makes Chromium choose the Secret Service.
      env.XDG_CURRENT_DESKTOP = 'GNOME'
      keyring = await startKeyring(env, runtime)
      ends.push(() => keyring?.stop())
      if (options.keyring === 'locked') await keyring.lock()
    }
    return { home, env, notifications, keyring, tray, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}
