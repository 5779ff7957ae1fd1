// The sessions of login windows: one partition per login, apart from the app's own and from each other, and what may never happen in one.
import { type Session, session, type WebContents } from 'electron'
import type { Log } from './log.ts'
import { logAddress, mayFetch, plainUserAgent } from './login-address.ts'

/** Who keeps the pages of a session in bounds, from the moment each is made. */
export type Adopt = (contents: WebContents) => void

const adopters = new WeakMap<Session, Adopt>()
let made = 0

/** Is this a page of a login window? Then it is confined here and now by its window's rules, and not by those of the app's own page. */
export function adoptLoginPage(contents: WebContents): boolean {
  const adopt = adopters.get(contents.session)
  adopt?.(contents)
  return adopt !== undefined
}

export interface LoginSessionOptions {
  readonly loginId: string
  /** Kept on disk for the next time; else it is new each time and only in memory. */
  readonly keep: boolean
  readonly adopt: Adopt
  readonly log: Log
}

/** The login's session, confined. */
export function openLoginSession({ loginId, keep, adopt, log }: LoginSessionOptions): Session {
  const opened = session.fromPartition(keep ? keptPartition(loginId) : `login-${loginId}-${++made}`)
  adopters.set(opened, adopt)
  confineSession(opened, log)
  opened.webRequest.onBeforeRequest((details, callback) => {
    const cancel = !mayFetch(details.url)
    if (cancel) log.warn('request denied', { to: logAddress(details.url) })
    callback({ cancel })
  })
  // A service worker outlives its page and sees all that the site is asked: none is let in, and what a site once left is removed at the end.
  opened.webRequest.onBeforeSendHeaders((details, callback) => {
    const worker = Object.keys(details.requestHeaders).some(name => name.toLowerCase() === 'service-worker')
    callback(worker ? { cancel: true } : { requestHeaders: details.requestHeaders })
  })
  opened.webRequest.onHeadersReceived((details, callback) => {
    callback(details.resourceType === 'mainFrame' ? { responseHeaders: sandboxed(details.responseHeaders) } : {})
  })
  return opened
}

/** A session for a page of our own that needs no network at all. */
export function openBarSession(adopt: Adopt, log: Log): Session {
  const opened = session.fromPartition('login-bar')
  adopters.set(opened, adopt)
  confineSession(opened, log)
  opened.webRequest.onBeforeRequest((details, callback) => callback({ cancel: !details.url.startsWith('data:') }))
  return opened
}

/** The end of a window: a kept session is written down without what could act by itself; any other is emptied. */
export async function closeLoginSession(opened: Session, keep: boolean): Promise<void> {
  opened.cookies.removeAllListeners('changed')
  if (!keep) return wipe(opened)
  await opened.cookies.flushStore()
  await opened.clearStorageData({ storages: ['serviceworkers', 'cachestorage'] })
}

/** Removes all that a kept session holds. */
export async function forgetLoginSession(loginId: string): Promise<void> {
  const kept = session.fromPartition(keptPartition(loginId))
  await wipe(kept)
  await kept.cookies.flushStore()
}

async function wipe(target: Session): Promise<void> {
  await target.closeAllConnections()
  await target.clearStorageData()
  await target.clearCache()
  await target.clearAuthCache()
  await target.clearHostResolverCache()
}

const keptPartition = (loginId: string): string => `persist:login-${loginId}`

function confineSession(target: Session, log: Log): void {
  target.setUserAgent(plainUserAgent(target.getUserAgent()))
  target.setSpellCheckerEnabled(false)
  target.setPermissionRequestHandler((contents, permission, callback) => {
    log.warn('permission denied', { permission, to: logAddress(contents?.getURL() ?? '') })
    callback(false)
  })
  target.setPermissionCheckHandler(() => false)
  target.setDevicePermissionHandler(() => false)
  // Newer ones, which an older Electron does not have.
  const extra = target as Partial<Pick<Session, 'setDisplayMediaRequestHandler' | 'setBluetoothPairingHandler'>>
  extra.setDisplayMediaRequestHandler?.((_request, callback) => callback({}))
  extra.setBluetoothPairingHandler?.((_details, callback) => callback({ confirmed: false }))
  // The app's own would tell the log the whole address.
  target.removeAllListeners('will-download')
  target.on('will-download', (event, item) => {
    event.preventDefault()
    log.warn('download denied', { to: logAddress(item.getURL()) })
  })
}

/**
 * The page's own headers and a sandbox on top: without `allow-modals` there is no alert, no print and no "leave this page?", without
 * `allow-downloads` no download, without `allow-pointer-lock` no hidden pointer; what a log-in needs is let through.
 */
function sandboxed(headers: Record<string, string[]> = {}): Record<string, string[]> {
  const sandbox =
    'sandbox allow-forms allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-top-navigation allow-storage-access-by-user-activation'
  const name = Object.keys(headers).find(key => key.toLowerCase() === 'content-security-policy')
  return { ...headers, [name ?? 'Content-Security-Policy']: [...((name && headers[name]) || []), sandbox] }
}
