// What a page may never do, whatever runs in it: go elsewhere, open windows, ask for permissions, download, talk to a network.
import { app, protocol, type Session, session, shell, type WebContents } from 'electron'
import { appOrigin, appScheme, serveAppFile } from './app-files.ts'
import type { Log } from './log.ts'
import { adoptLoginPage } from './login-session.ts'

/** Before the app is ready: the scheme's place in the browser's world. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: appScheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ])
}

/** Serves the page's files, and nothing else, under `app://quarterdeck/`. */
export function serveAppScheme(folder: string): void {
  protocol.handle(appScheme, async request => {
    const { status, headers, body } = await serveAppFile(folder, request)
    return new Response(body as BodyInit | null, { status, headers })
  })
}

/** Node loads its web classes at their first use; done while Electron gets ready, that is not in the way of the page. */
export function warmUpAppScheme(): void {
  setImmediate(() => void [new Request(`${appScheme}://quarterdeck/`), new Response('').body])
}

/** Denies by default in every session and page there will ever be. `devUrl` is vite's, in development only. */
export function lockDown(log: Log, devUrl: string | null): void {
  denyIn(session.defaultSession, log, devUrl)
  app.on('session-created', created => denyIn(created, log, devUrl))
  app.on('web-contents-created', (_event, contents) => {
    if (!adoptLoginPage(contents)) confine(contents, log)
  })
}

function denyIn(target: Session, log: Log, devUrl: string | null): void {
  target.setPermissionRequestHandler((_contents, permission, callback) => {
    log.warn('permission denied', { permission })
    callback(false)
  })
  target.setPermissionCheckHandler(() => false)
  target.setDevicePermissionHandler(() => false)
  target.on('will-download', (event, item) => {
    log.warn('download denied', { url: item.getURL().slice(0, 200) })
    event.preventDefault()
  })
  const allowed = [appOrigin, 'devtools:', 'data:', ...(devUrl ? [new URL(devUrl).origin, devSocket(devUrl)] : [])]
  target.webRequest.onBeforeRequest((details, callback) => {
    const cancel = !allowed.some(prefix => isUnder(details.url, prefix))
    if (cancel) log.warn('request denied', { url: details.url.slice(0, 200) })
    callback({ cancel })
  })
}

function isUnder(url: string, prefix: string): boolean {
  if (prefix.endsWith(':')) return url.startsWith(prefix)
  return url === prefix || url.startsWith(`${prefix}/`)
}

const devSocket = (devUrl: string): string => new URL(devUrl).origin.replace(/^http/, 'ws')

function confine(contents: WebContents, log: Log): void {
  let lastInput = 0
  contents.on('input-event', (_event, input) => {
    if (['mouseUp', 'keyDown', 'rawKeyDown', 'char', 'gestureTap'].includes(input.type)) lastInput = Date.now()
  })
  contents.on('will-navigate', event => {
    log.warn('navigation denied', { url: event.url.slice(0, 200) })
    event.preventDefault()
  })
  contents.on('will-attach-webview', event => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    // A person's click opens a web page in their browser; a script's `window.open` opens nothing.
    const clicked = Date.now() - lastInput < 1000
    if (clicked && isWebPage(url)) void shell.openExternal(url)
    else log.warn('window denied', { url: url.slice(0, 200) })
    return { action: 'deny' }
  })
}

function isWebPage(address: string): boolean {
  try {
    const url = new URL(address)
    return url.protocol === 'https:' && !url.username && !url.password
  } catch {
    return false
  }
}
