// Lets a person log in on a site's own page and takes home the cookies that are wanted, or visits it without a person. Keeps no cookie.
import { BrowserWindow, type Session, type WebContents } from 'electron'
import type { CapturedCookie, LoginWindowRequest, LoginWindowResult } from '../shared/contract/native.ts'
import { AppError } from '../shared/errors.ts'
import type { Log } from './log.ts'
import { ledPastLogin, logAddress, mayVisit } from './login-address.ts'
import { hasNews, hasRequired } from './login-cookies.ts'
import { createLoginFrame, FrameRules, type LoginFrame } from './login-frame.ts'
import { confinePage, type PageRules, pagePreferences } from './login-page.ts'
import { closeLoginSession, forgetLoginSession, openLoginSession } from './login-session.ts'
import { reasonOf, visit, watchCookies } from './login-watch.ts'

/** How long a visit without a window may take. */
const visitLimit = 30_000
const cleanUpLimit = 5000

export interface LoginWindows {
  open(request: LoginWindowRequest, signal: AbortSignal): Promise<LoginWindowResult>
  refresh(request: LoginWindowRequest, signal: AbortSignal): Promise<LoginWindowResult>
  close(loginId: string): Promise<void>
  forget(loginId: string): Promise<void>
  /** Closes all of them, with their cookies left where they are. */
  dispose(): void
}

export interface LoginWindowsOptions {
  readonly icon: string
  readonly log: Log
  readonly visitLimit?: number
}

/** What goes on for one login; there is never more than one thing at a time. */
interface Work {
  readonly focus: () => void
  readonly end: (reason: string) => void
  readonly over: Promise<unknown>
}

/** The login windows of this app. */
export function createLoginWindows(options: LoginWindowsOptions): LoginWindows {
  const { log } = options
  const running = new Map<string, Work>()

  /** Runs `body` as the only work for its login; `body` is given the way to end it. */
  const alone = async (
    request: LoginWindowRequest,
    signal: AbortSignal,
    keep: boolean,
    body: (session: Session, rules: FrameRules, finish: Finish) => Promise<Ends>,
  ): Promise<LoginWindowResult> => {
    const { loginId, url } = request
    const other = running.get(loginId)
    if (other) {
      other.focus()
      throw new AppError('CONFLICT', 'A window for this login is open already', { hint: 'Log in there, or close it.' })
    }
    if (!mayVisit(url) || url === '' || url.startsWith('about:'))
      throw new AppError('INVALID_INPUT', 'The address of a log-in page begins with http:// or https://')
    if (signal.aborted) return { cookies: null, reason: 'It was called off' }
    let ends: Ends = { focus: () => {}, destroy: () => {} }
    let finish: Finish = () => {}
    const finished = new Promise<LoginWindowResult>(resolve => {
      finish = resolve
    })
    const end = (reason: string): void => finish({ cookies: null, reason })
    const over = (async () => {
      const rules = new FrameRules(log)
      const adopt = (contents: WebContents): void => confinePage(contents, pageRules(rules))
      const session = openLoginSession({ loginId, keep, adopt, log })
      const onAbort = (): void => end('It was called off')
      try {
        signal.addEventListener('abort', onAbort, { once: true })
        ends = await body(session, rules, finish)
        return await finished
      } finally {
        signal.removeEventListener('abort', onAbort)
        ends.destroy()
        await within(closeLoginSession(session, keep), cleanUpLimit).catch(error =>
          log.warn('session not cleaned up', { login: loginId, error: String(error) }),
        )
      }
    })()
    running.set(loginId, { focus: () => ends.focus(), end, over: over.catch(() => {}) })
    try {
      const result = await over
      log.info('login ended', { login: loginId, taken: result.cookies?.length ?? 0, reason: result.reason })
      return result
    } finally {
      running.delete(loginId)
    }
  }

  const end = async (loginId: string, reason: string): Promise<void> => {
    const work = running.get(loginId)
    work?.end(reason)
    await work?.over
  }

  return {
    open: (request, signal) =>
      alone(request, signal, request.keep, async (session, rules, finish) => {
        log.info('login window', { login: request.loginId, to: logAddress(request.url), keep: request.keep })
        const domains = domainsOf(request)
        const look = await watchCookies(session, request, domains)
        let frame: LoginFrame | null = null
        const finishWith = (cookies: CapturedCookie[]): void => finish({ cookies, reason: null })
        frame = createLoginFrame(
          {
            ...{ session, log, title: request.title, icon: options.icon },
            note: `Only cookies of ${domains.join(', ')} are taken`,
            onUse: () => void look.now().then(finishWith, () => {}),
            onEnded: reason => finish({ cookies: null, reason }),
          },
          rules,
        )
        const { page } = frame
        let settledAt = ''
        const stop = look.onChange(cookies => {
          const there = hasRequired(cookies, request.required)
          frame?.setCanUse(there || (request.required.length === 0 && cookies.length > 0))
          if (!there || page.isDestroyed()) return
          const address = page.isLoading() ? '' : page.getURL()
          // A session from before is good where the site led on by itself, and stayed there.
          const stillIn = address !== '' && address === settledAt && ledPastLogin(request.url, address, domains)
          settledAt = address
          if (hasNews(look.before, cookies, request.required) || stillIn) finishWith(cookies)
        })
        page.loadURL(request.url).catch(() => {
          // The bar says what is wrong; the person may try again.
        })
        return {
          focus: () => frame?.focus(),
          destroy: () => {
            stop()
            frame?.destroy()
          },
        }
      }),

    refresh: (request, signal) =>
      alone(request, signal, true, async (session, rules, finish) => {
        log.info('login visit', { login: request.loginId, to: logAddress(request.url) })
        const domains = domainsOf(request)
        const window = new BrowserWindow({ show: false, webPreferences: { ...pagePreferences, session } })
        window.webContents.setAudioMuted(true)
        // Nobody sees it, so nothing more is opened.
        rules.onPopup = popup => popup.destroy()
        const limit = options.visitLimit ?? visitLimit
        const timer = setTimeout(
          () => finish({ cookies: null, reason: `The site did not answer within ${limit / 1000} s` }),
          limit,
        )
        void visit(window, session, request, domains).then(finish, error =>
          finish({ cookies: null, reason: `The site could not be opened: ${reasonOf(error)}` }),
        )
        return {
          focus: () => {},
          destroy: () => {
            clearTimeout(timer)
            if (!window.isDestroyed()) window.destroy()
          },
        }
      }),

    close: loginId => end(loginId, 'The window was closed'),
    async forget(loginId) {
      await end(loginId, 'Its session was removed')
      await forgetLoginSession(loginId)
      log.info('login forgotten', { login: loginId })
    },
    dispose() {
      for (const work of running.values()) work.end('The app ends')
    },
  }
}

type Finish = (result: LoginWindowResult) => void
interface Ends {
  readonly focus: () => void
  readonly destroy: () => void
}

/** The frame that a page belongs to is made after the page's first rules are, so it is asked for when it is needed. */
function pageRules(rules: FrameRules): PageRules {
  return { log: rules.log, popups: rules.popups, onRefused: (page, address) => rules.onRefused(page, address) }
}

/** Where no domain is named it is the log-in page's own. */
function domainsOf({ domains, url }: LoginWindowRequest): readonly string[] {
  return domains.length > 0 ? domains : [new URL(url).hostname.replace(/^www\./, '')]
}

function within<T>(work: Promise<T>, limit: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('it took too long')), limit)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
