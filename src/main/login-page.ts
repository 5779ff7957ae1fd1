// Keeps one page of a login window in bounds: where it may go and what it may open. Knows nothing of cookies.
import type { BrowserWindow, BrowserWindowConstructorOptions, WebContents, WebPreferences } from 'electron'
import type { Log } from './log.ts'
import { logAddress, mayFrame, mayVisit } from './login-address.ts'

/** Nothing of ours is in the page, and nothing of the machine within its reach. */
export const pagePreferences: WebPreferences = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  devTools: false,
  spellcheck: false,
  plugins: false,
  // A loop of alerts would hold the whole app.
  disableDialogs: true,
  autoplayPolicy: 'document-user-activation-required',
}

/** Windows that one login window's pages may have open at a time: a log-in by way of another site takes one or two. */
export const maxPopups = 3
// As long as Chromium itself counts a press as the reason of what follows.
const pressLasts = 5000

export interface PageRules {
  readonly log: Log
  /** The windows that pages opened: how many there are, and who takes care of a new one. */
  readonly popups: { readonly count: () => number; readonly opened: (window: BrowserWindow) => void }
  /** A certificate was refused: for which page. */
  readonly onRefused: (contents: WebContents, address: string) => void
}

/** Binds a page to the rules; before it has loaded anything. */
export function confinePage(contents: WebContents, { log, popups, onRefused }: PageRules): void {
  let lastPress = 0
  // A hostile page could fill the log with what it is denied.
  let lines = 50
  const deny = (what: string, address: string): void => {
    if (lines-- > 0) log.warn(`${what} denied`, { to: logAddress(address) })
  }
  contents.setUserAgent(contents.session.getUserAgent())
  contents.setWebRTCIPHandlingPolicy('default_public_interface_only')
  contents.on('input-event', (_event, input) => {
    if (['mouseUp', 'keyDown', 'rawKeyDown', 'char', 'gestureTap'].includes(input.type)) lastPress = Date.now()
  })
  contents.on('will-navigate', event => {
    if (mayVisit(event.url)) return
    deny('navigation', event.url)
    event.preventDefault()
  })
  contents.on('will-redirect', event => {
    if (event.isMainFrame ? mayVisit(event.url) : mayFrame(event.url)) return
    deny('redirect', event.url)
    event.preventDefault()
  })
  contents.on('will-frame-navigate', event => {
    if (event.isMainFrame ? mayVisit(event.url) : mayFrame(event.url)) return
    deny('navigation', event.url)
    event.preventDefault()
  })
  contents.on('will-attach-webview', event => event.preventDefault())
  // "Do you want to leave?" is no reason to stay.
  contents.on('will-prevent-unload', event => event.preventDefault())
  contents.on('select-bluetooth-device', (event, _devices, callback) => {
    event.preventDefault()
    callback('')
  })
  // Who sits here is asked by the site, not told by a certificate that happens to lie on this computer.
  contents.on('select-client-certificate', (event, _address, _list, callback) => {
    event.preventDefault()
    ;(callback as (certificate?: Electron.Certificate) => void)()
  })
  contents.on('login', event => event.preventDefault())
  contents.on('certificate-error', (event, address, _error, _certificate, callback, isMainFrame) => {
    event.preventDefault()
    callback(false)
    deny('certificate', address)
    if (isMainFrame !== false) onRefused(contents, address)
  })
  contents.setWindowOpenHandler(({ url }) => {
    const pressed = Date.now() - lastPress < pressLasts
    if (!pressed || !mayVisit(url) || popups.count() >= maxPopups) {
      deny('window', url)
      return { action: 'deny' }
    }
    // One press, one window.
    lastPress = 0
    return { action: 'allow', overrideBrowserWindowOptions: popupOptions }
  })
  contents.on('did-create-window', window => popups.opened(window))
}

/** All of what a page could ask of its window in `features` is said here instead. */
const popupOptions: BrowserWindowConstructorOptions = {
  width: 560,
  height: 720,
  center: true,
  show: true,
  frame: true,
  transparent: false,
  opacity: 1,
  modal: false,
  kiosk: false,
  fullscreen: false,
  fullscreenable: false,
  simpleFullscreen: false,
  alwaysOnTop: false,
  skipTaskbar: false,
  focusable: true,
  closable: true,
  movable: true,
  resizable: true,
  titleBarStyle: 'default',
  autoHideMenuBar: true,
  title: 'Quarterdeck',
  webPreferences: pagePreferences,
}
