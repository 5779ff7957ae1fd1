// The one window: made, shown, remembered, and locked to the app's own page. Knows nothing of the engine.
import { BrowserWindow, nativeTheme, screen } from 'electron'
import { minimumSize, placeWindow, type ShellStateFile } from './shell-state.ts'

export interface MainWindowOptions {
  readonly preload: string
  readonly icon: string
  /** The page's address without the route. */
  readonly address: string
  readonly state: ShellStateFile
  /** The window is about to close: true keeps it, hidden. */
  readonly keepOnClose: () => boolean
  readonly onHidden: () => void
}

/** Makes the window; it shows itself as soon as it has something to show. */
export function createMainWindow(options: MainWindowOptions): BrowserWindow {
  const saved = options.state.get().window
  const window = new BrowserWindow({
    ...placeWindow(
      saved,
      screen.getAllDisplays().map(display => display.workArea),
    ),
    minWidth: minimumSize.width,
    minHeight: minimumSize.height,
    show: false,
    title: 'Quarterdeck',
    icon: options.icon,
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#0f1216' : '#f7f8fa',
    autoHideMenuBar: true,
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      // A spell checker would fetch its dictionaries from a third party.
      spellcheck: false,
    },
  })
  if (saved?.maximized) window.maximize()
  window.once('ready-to-show', () => window.show())

  let timer: NodeJS.Timeout | null = null
  const remember = (): void => {
    if (timer) clearTimeout(timer)
    timer = null
    if (window.isDestroyed() || window.isMinimized()) return
    options.state.set({ window: { ...window.getNormalBounds(), maximized: window.isMaximized() } })
  }
  const rememberSoon = (): void => {
    timer ??= setTimeout(remember, 500)
  }
  window.on('resize', rememberSoon)
  window.on('move', rememberSoon)
  window.on('maximize', rememberSoon)
  window.on('unmaximize', rememberSoon)
  window.on('close', event => {
    remember()
    if (!options.keepOnClose()) return
    event.preventDefault()
    window.hide()
    options.onHidden()
  })
  window.on('closed', () => {
    if (timer) clearTimeout(timer)
  })
  // A page that died (out of memory, a crash of the renderer) is loaded again: the app is not lost with it.
  let reloads = 0
  window.webContents.on('render-process-gone', (_event, details) => {
    if (details.reason !== 'clean-exit' && reloads++ < 5) window.webContents.reload()
  })
  void window.loadURL(options.address)
  return window
}

/** Brings the window to the front, from wherever it is. */
export function showWindow(window: BrowserWindow): void {
  if (window.isDestroyed()) return
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}
