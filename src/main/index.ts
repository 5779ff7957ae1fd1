// The shell's composition root: one instance, one window, one engine, tied together and ended in good order. Decides nothing about hosts.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { app, type BrowserWindow, dialog, Menu, nativeTheme, shell } from 'electron'
import { nativeContract } from '../shared/contract/native.ts'
import { RoutePath, shellContract } from '../shared/contract/shell.ts'
import { shellNeeds } from '../shared/contract/shell-needs.ts'
import type { Settings, Unfinished } from '../shared/model/settings.ts'
import { connect } from '../shared/rpc/client.ts'
import { fromEmitterPort } from '../shared/rpc/port.ts'
import { type Server, serve } from '../shared/rpc/server.ts'
import { appOrigin } from './app-files.ts'
import { endLimit } from './end-limit.ts'
import { EngineProcess } from './engine-process.ts'
import { type EngineRun, spawnEngine } from './engine-spawn.ts'
import { createKeptKey } from './kept-key.ts'
import { type Answer, answers, createLastWord, type Question } from './last-word.ts'
import { openLog, rotatingFile } from './log.ts'
import { createLoginWindows } from './login-window.ts'
import { setMenu } from './menu.ts'
import { nativeHandlers } from './native-handlers.ts'
import { createNotifications } from './notifications.ts'
import { settlePaths } from './paths.ts'
import { watchPower } from './power.ts'
import { createQuit } from './quit.ts'
import { developmentRuntime } from './runtime.ts'
import { lockDown, registerAppScheme, serveAppScheme, warmUpAppScheme } from './security.ts'
import { shellHandlers } from './shell-handlers.ts'
import { openShellState } from './shell-state.ts'
import { sparedGtkGl } from './toolkit.ts'
import { type AppTray, createTray } from './tray.ts'
import { createVault } from './vault.ts'
import { WindowPorts } from './window-ports.ts'
import { createMainWindow, showWindow } from './windows.ts'

/** An engine that does not answer keeps nobody from quitting. */
const unfinishedLimit = 1000
// The engine starts no later than this, whatever becomes of the page.
const pageLimit = 500

registerAppScheme()
const gtkRead = sparedGtkGl()
// Root has no sandbox to offer: test machines say so on the command line, and Electron refuses to start otherwise.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
const paths = settlePaths()
// Else Electron makes a menu of its own first.
Menu.setApplicationMenu(null)
if (app.requestSingleInstanceLock({ route: routeArgument(process.argv) })) run()
else app.exit(0)

function run(): void {
  const log = openLog(join(paths.logs, 'main.log'))
  const engineLog = rotatingFile(join(paths.logs, 'engine.log'))
  const devUrl = app.isPackaged ? null : (process.env.ELECTRON_RENDERER_URL ?? null)
  const state = openShellState(join(paths.home, 'shell.json'), error =>
    log.warn('shell state not saved', { error: String(error) }),
  )
  const icon = join(paths.resources, 'icon.png')
  const shells = new Set<Server<typeof shellContract>>()
  let native: Server<typeof nativeContract> | null = null
  let window: BrowserWindow | null = null
  let tray: AppTray | null = null
  let settings: Pick<Settings, 'closeToTray'> = { closeToTray: true }
  /** Null where the engine does not say. */
  let unfinished = async (): Promise<Unfinished[] | null> => []

  process.on('uncaughtException', error => log.error('uncaught', { error: error.stack ?? String(error) }))
  process.on('unhandledRejection', reason => log.error('unhandled', { error: String(reason) }))
  log.info('start', {
    version: app.getVersion(),
    electron: process.versions.electron,
    development: developmentRuntime() ?? undefined,
  })

  /** Shows the window, at this place in the app where one is given. */
  const open = (route: string | null): void => {
    if (!window || window.isDestroyed()) return
    showWindow(window)
    if (route !== null) for (const server of shells) server.emit('route.open', route)
  }

  const notifications = createNotifications({
    icon,
    open,
    acted: ({ id, route }, action) => {
      // With no engine there to do it, the person is led to where it can be done.
      if (native) native.emit('notification.acted', { id, action })
      else open(route)
    },
    log: log.child('notifications'),
  })
  const vault = createVault()
  const key = createKeptKey()
  const logins = createLoginWindows({ icon, log: log.child('login') })
  const engine = new EngineProcess({
    log: log.child('engine'),
    spawn: callbacks =>
      spawnEngine({
        entry: paths.engineEntry,
        node: process.env.QUARTERDECK_ENGINE_NODE || null,
        init: { dataDirectory: paths.home, version: app.getVersion() },
        codeCache: paths.codeCache,
        log: log.child('engine'),
        onLogLine: engineLog,
        ...callbacks,
      }),
    onState: changed => {
      for (const server of shells) server.emit('engine.stateChanged', changed)
      if (changed.state === 'crashed') tray?.set({ state: 'unknown', lines: [] })
    },
    onStarted: started => {
      const handlers = nativeHandlers({ notifications, tray: () => tray, vault, key, logins })
      native = serve(nativeContract, started.native, handlers, { log: log.child('native') })
      windowPorts.engineStarted()
      learnSettings(started)
    },
    onGone: () => {
      native = null
      unfinished = async () => []
      windowPorts.engineGone()
    },
  })

  const windowPorts: WindowPorts = new WindowPorts({
    isOurs: contents => window !== null && !window.isDestroyed() && contents === window.webContents,
    origin: devUrl ? new URL(devUrl).origin : appOrigin,
    connectEngine: () => engine.connect(),
    serveShell: port => {
      const handlers = shellHandlers({
        home: paths.home,
        logs: paths.logs,
        window: () => window,
        engineState: () => engine.state,
        restartEngine: () => engine.restart(),
        quit: () => quit.request(),
      })
      // Saving an exported journal passes through here, so requests may be as large as its contract says.
      const server = serve(shellContract, fromEmitterPort(port), handlers, {
        log: log.child('shell'),
        maxRequestBytes: 260 * 1024 * 1024,
      })
      shells.add(server)
      return () => {
        shells.delete(server)
        server.dispose()
      }
    },
    log: log.child('ports'),
  })

  // The shell asks the engine for settings as a window would; each engine anew.
  const learnSettings = (started: EngineRun): void => {
    const client = connect(shellNeeds, fromEmitterPort(started.connect()), { log: log.child('settings') })
    unfinished = () =>
      client.call('engine.unfinished', undefined, AbortSignal.timeout(unfinishedLimit)).catch(() => null)
    const apply = (changed: Settings): void => {
      settings = changed
      nativeTheme.themeSource = changed.theme
    }
    client.on('settings.changed', apply)
    client.call('settings.get').then(apply, error => log.warn('settings not known', { error: String(error) }))
  }

  let wasAsked = false
  const ask = async ({ message, detail, buttons }: Question): Promise<Answer> => {
    if (!window) openWindow()
    open(null)
    const box = { type: 'question' as const, title: 'Quit Quarterdeck?', noLink: true, defaultId: 0, cancelId: 2 }
    const options = { ...box, message, detail, buttons }
    const { response } = await (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options))
    const answer = answers[response] ?? 'stay'
    // a later quit that asks nothing is given no longer for this one
    wasAsked = answer !== 'stay'
    return answer
  }

  const quit = createQuit({
    mayEnd: createLastWord({ unfinished: async () => (await unfinished()) ?? [], ask }),
    end: async bySignal => {
      log.info('end')
      // an engine that got the signal as well ends already, and answers nobody
      const { limit, graceMs } = endLimit(await unfinished(), bySignal || wasAsked)
      if (window && !window.isDestroyed()) window.hide()
      logins.dispose()
      await engine.stop(limit, () => native?.emit('engine.stop', { graceMs }))
      power?.dispose()
      await notifications.dispose()
      tray?.dispose()
      window?.destroy()
      log.info('ended')
    },
    exit: code => app.exit(code),
    killAll: () => engine.kill(),
  })
  let power: { dispose(): void } | null = null

  const tellAboutTray = (): void => {
    if (state.get().toldTray) return
    state.set({ toldTray: true })
    void notifications.show({
      id: 'tray',
      title: 'Quarterdeck keeps running',
      body: 'It goes on watching from the tray. Quit it from the menu there.',
      urgency: 'low',
      actions: [],
      route: '/',
    })
  }

  const openWindow = (): void => {
    const created = createMainWindow({
      preload: paths.preload,
      icon,
      address: `${devUrl ?? appOrigin}/index.html`,
      state,
      keepOnClose: () => !quit.quitting && settings.closeToTray && tray !== null,
      onHidden: tellAboutTray,
    })
    window = created
    windowPorts.watch(created.webContents)
    created.on('closed', () => {
      window = null
      // Closed for good, where there is no tray: what is left would keep the app from its end.
      logins.dispose()
    })
  }

  app.on('second-instance', (_event, _argv, _directory, data) => {
    const route = RoutePath.safeParse((data as { route?: unknown } | null)?.route)
    if (!window) openWindow()
    open(route.success ? route.data : null)
  })
  app.on('activate', () => (window ? open(null) : openWindow()))
  app.on('window-all-closed', () => quit.request())
  app.on('before-quit', event => {
    event.preventDefault()
    quit.request()
  })

  warmUpAppScheme()
  void app.whenReady().then(() => {
    gtkRead()
    // Only now: Chromium sets its own handlers on the way here, and after the first signal those let the next one kill us at once.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => quit.signal(signal))
    lockDown(log.child('security'), devUrl)
    serveAppScheme(paths.renderer)
    openWindow()
    // All the shell's time goes to the page until that runs; then the page paints in its own process while the engine starts in another.
    void Promise.race([windowPorts.asked, sleep(pageLimit)]).then(settle)
  })

  const settle = (): void => {
    engine.start()
    setMenu(
      {
        command: command => {
          open(null)
          for (const server of shells) server.emit('menu.command', command)
        },
        openLogs: () => void shell.openPath(paths.logs),
        quit: () => quit.request(),
      },
      !app.isPackaged,
    )
    tray = createTray({ resources: paths.resources, open, quit: () => quit.request() })
    power = watchPower(change => native?.emit('power.changed', change))
    nativeTheme.on('updated', () => native?.emit('theme.changed', nativeTheme.shouldUseDarkColors ? 'dark' : 'light'))
  }
}

/** `--open=/hosts/web-1` asks a running instance for a place in the app. */
function routeArgument(argv: readonly string[]): string | null {
  const route = argv.find(argument => argument.startsWith('--open='))?.slice('--open='.length)
  return RoutePath.safeParse(route).success ? (route ?? null) : null
}
