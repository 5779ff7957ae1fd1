// What becomes of a login session's cookies while a person or nobody is at it; holds them only for the moment of looking.
import type { BrowserWindow, Session } from 'electron'
import type { CapturedCookie, LoginWindowRequest, LoginWindowResult } from '../shared/contract/native.ts'
import { asksForLogin } from './login-address.ts'
import { captured, hasRequired } from './login-cookies.ts'

// Cookies of one answer come one by one; they are complete when none has come for this long.
const settleTime = 400
const pollTime = 1000

/** Looks at the session's cookies when they change, and every second in case that was not told. */
export async function watchCookies(session: Session, { required }: LoginWindowRequest, domains: readonly string[]) {
  const now = async (): Promise<CapturedCookie[]> => captured(await session.cookies.get({}), domains, required)
  return {
    now,
    /** What was there before anything was loaded. */
    before: await now(),
    onChange(tell: (cookies: CapturedCookie[]) => void): () => void {
      let stopped = false
      let soon: NodeJS.Timeout | null = null
      let lastLook = 0
      const look = (): void => {
        if (soon) clearTimeout(soon)
        soon = null
        lastLook = Date.now()
        now().then(
          cookies => {
            if (!stopped) tell(cookies)
          },
          () => {},
        )
      }
      const onChanged = (): void => {
        if (soon) clearTimeout(soon)
        soon = setTimeout(look, settleTime)
      }
      const poll = setInterval(() => {
        // Not in the midst of a change, but where cookies change all the time there would be no end of it.
        if (soon === null || Date.now() - lastLook > 3 * pollTime) look()
      }, pollTime)
      session.cookies.on('changed', onChanged)
      return () => {
        stopped = true
        clearInterval(poll)
        if (soon) clearTimeout(soon)
        session.cookies.off('changed', onChanged)
      }
    },
  }
}

/** Loads the page, waits until it came to rest, and tells what the session holds then. */
export async function visit(
  window: BrowserWindow,
  session: Session,
  { url, required }: LoginWindowRequest,
  domains: readonly string[],
): Promise<LoginWindowResult> {
  let status = 0
  window.webContents.on('did-navigate', (_event, _address, code) => {
    status = code
  })
  await window.webContents.loadURL(url)
  // What a page's own script renews right after it was loaded.
  await new Promise(resolve => setTimeout(resolve, settleTime * 2))
  const failed = (reason: string): LoginWindowResult => ({ cookies: null, reason })
  if (window.isDestroyed()) return failed('The page closed itself')
  if (status >= 400) return failed(`The site answered ${status}`)
  const address = window.webContents.getURL()
  if (asksForLogin(address) && !asksForLogin(url)) return failed('The site asked to log in again')
  const cookies = captured(await session.cookies.get({}), domains, required)
  if (required.length > 0 && !hasRequired(cookies, required)) return failed('The kept session is not logged in')
  return { cookies, reason: null }
}

/** Chromium's own name of what went wrong; the address that stands beside it may hold a secret. */
export function reasonOf(error: unknown): string {
  return /ERR_[A-Z_]+/.exec(String(error))?.[0] ?? 'it failed to load'
}
