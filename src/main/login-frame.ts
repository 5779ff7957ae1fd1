// The window around a site's log-in page: our bar on top, the site below, and the windows that the site opens. Knows nothing of cookies.
import {
  BrowserView,
  BrowserWindow,
  nativeTheme,
  type Rectangle,
  type Session,
  type WebContents,
  WebContentsView,
} from 'electron'
import { safeShort } from '../shared/safe-text.ts'
import type { Log } from './log.ts'
import { shownAddress } from './login-address.ts'
import { type BarCommand, barHeight, barPage, barPreferences, confineBar, showBar } from './login-bar.ts'
import { type PageRules, pagePreferences } from './login-page.ts'
import { type Adopt, openBarSession } from './login-session.ts'

export interface LoginFrameOptions {
  readonly session: Session
  readonly title: string
  readonly icon: string
  readonly note: string
  readonly log: Log
  readonly onUse: () => void
  /** The person closed it, or it cannot go on; once. */
  readonly onEnded: (reason: string) => void
}

export interface LoginFrame {
  /** The site's first page. */
  readonly page: WebContents
  focus(): void
  /** The wanted cookies are there: the person may say that they are the right ones. */
  setCanUse(canUse: boolean): void
  destroy(): void
}

interface Bar {
  readonly contents: WebContents
  refused: string | null
  problem: string | null
}

const background = (): string => (nativeTheme.shouldUseDarkColors ? '#0f1216' : '#f7f8fa')

// The bars of all login windows share one session, and each has its own commands.
const barOwners = new WeakMap<WebContents, (command: BarCommand) => void>()
const adoptBar: Adopt = contents => confineBar(contents, command => barOwners.get(contents)?.(command))

/** The rules that a session's pages live under, with the frame that is made later: pages are bound before they are anybody's. */
export class FrameRules implements PageRules {
  readonly log: Log
  readonly popups = {
    count: () => this.windows.size,
    opened: (window: BrowserWindow) => this.onPopup(window),
  }
  readonly windows = new Set<BrowserWindow>()
  onPopup: (window: BrowserWindow) => void = window => window.destroy()
  onRefused: PageRules['onRefused'] = () => {}

  constructor(log: Log) {
    this.log = log
  }
}

/** Makes the window and shows it; the site is loaded by the caller. */
export function createLoginFrame(options: LoginFrameOptions, rules: FrameRules): LoginFrame {
  const { session, log } = options
  const barSession = openBarSession(adoptBar, log)
  const title = `Log in: ${safeShort(options.title, 80)}`
  const bars = new Map<WebContents, Bar>()
  let canUse = false
  let ended = false
  const end = (reason: string): void => {
    if (ended) return
    ended = true
    // Not from within Chromium's own end of the page or window: whoever is told takes the rest down, and the app would fall with it.
    setImmediate(() => options.onEnded(reason))
  }

  const update = (page: WebContents): void => {
    const bar = bars.get(page)
    if (!bar || page.isDestroyed()) return
    const address = page.getURL()
    const shown = bar.refused === null ? shownAddress(address) : shownAddress(bar.refused, true)
    const note =
      bar.refused === null ? (bar.problem ?? options.note) : 'Nobody can tell who answers there, so it is not opened.'
    const own = { loading: page.isLoading(), canGoBack: page.canGoBack(), canUse: canUse && page === main, note }
    showBar(bar.contents, { ...shown, ...own })
  }
  const command = (page: WebContents, window: BrowserWindow) => (asked: BarCommand) => {
    if (asked === 'close') window.close()
    else if (asked === 'use') options.onUse()
    else if (asked === 'back') page.goBack()
    else page.reload()
  }
  /** Ties a bar to the page that it speaks of. */
  const attach = (page: WebContents, contents: WebContents, window: BrowserWindow): void => {
    const bar: Bar = { contents, refused: null, problem: null }
    bars.set(page, bar)
    barOwners.set(contents, command(page, window))
    contents.on('did-stop-loading', () => update(page))
    void contents.loadURL(barPage()).catch(() => {})
    page.on('did-start-navigation', details => {
      if (!details.isMainFrame || details.isSameDocument) return
      bar.refused = null
      bar.problem = null
    })
    page.on('did-fail-load', (_event, code, description, address, isMainFrame) => {
      // -3 is a journey that another took the place of.
      if (isMainFrame && code !== -3) bar.problem = `Could not be opened: ${safeShort(description || address, 100)}`
      update(page)
    })
    for (const name of ['did-start-loading', 'did-stop-loading', 'did-navigate', 'did-navigate-in-page'] as const)
      page.on(name as 'did-stop-loading', () => update(page))
    page.on('before-input-event', (event, input) => {
      const key = input.key.toLowerCase()
      const asked =
        (input.control || input.meta) && !input.alt && !input.shift && input.type === 'keyDown'
          ? { w: 'close' as const, r: 'reload' as const }[key]
          : undefined
      if (!asked) return
      event.preventDefault()
      command(page, window)(asked)
    })
  }

  const window = new BrowserWindow({
    width: 1000,
    height: 800,
    minWidth: 480,
    minHeight: 400,
    title,
    icon: options.icon,
    show: false,
    fullscreenable: false,
    autoHideMenuBar: true,
    backgroundColor: background(),
    webPreferences: { ...barPreferences, session: barSession },
  })
  keepTitle(window, title)
  const main = addPage(window, session)
  attach(main, window.webContents, window)
  window.on('closed', () => end('The window was closed'))
  main.on('destroyed', () => end('The page closed itself'))
  main.on('render-process-gone', (_event, { reason }) => end(`The page crashed (${reason})`))

  rules.onRefused = (page, address) => {
    const bar = bars.get(page)
    if (bar) bar.refused = address
    update(page)
  }
  rules.onPopup = popup => {
    if (ended) return popup.destroy()
    rules.windows.add(popup)
    const page = popup.webContents
    popup.on('closed', () => rules.windows.delete(popup))
    page.on('destroyed', () => bars.delete(page))
    keepTitle(popup, title)
    attach(page, addBar(popup, barSession), popup)
    // The bar lies over the page's upper edge; the page is moved down so that nothing of it is lost, and where it moves back only it loses.
    page.on('dom-ready', () => void page.insertCSS(`html{margin-top:${barHeight}px!important}`).catch(() => {}))
  }
  window.show()
  main.focus()
  return {
    page: main,
    focus() {
      if (window.isDestroyed()) return
      if (window.isMinimized()) window.restore()
      window.show()
      window.focus()
    },
    setCanUse(value) {
      if (canUse === value) return
      canUse = value
      update(main)
    },
    destroy() {
      ended = true
      for (const popup of [...rules.windows]) if (!popup.isDestroyed()) popup.destroy()
      if (!window.isDestroyed()) window.destroy()
      endContents(main)
    },
  }
}

/** The title is ours: what a page calls itself is no proof of anything. */
function keepTitle(window: BrowserWindow, title: string): void {
  window.removeMenu()
  window.setTitle(title)
  window.on('page-title-updated', event => event.preventDefault())
}

/** The site's view below the bar, whichever way this Electron has views. */
function addPage(window: BrowserWindow, session: Session): WebContents {
  const webPreferences = { ...pagePreferences, session }
  return addView(window, webPreferences, ({ width, height }) => ({
    ...{ x: 0, y: barHeight, width },
    height: Math.max(0, height - barHeight),
  }))
}

function addBar(window: BrowserWindow, session: Session): WebContents {
  const webPreferences = { ...barPreferences, session }
  return addView(window, webPreferences, ({ width }) => ({ x: 0, y: 0, width, height: barHeight }))
}

function addView(
  window: BrowserWindow,
  webPreferences: Electron.WebPreferences,
  place: (size: { width: number; height: number }) => Rectangle,
): WebContents {
  let contents: WebContents
  let set: (bounds: Rectangle) => void
  // An old Electron has the class and no way to show one.
  const root = window.contentView as Electron.View | undefined
  if (root) {
    const view = new WebContentsView({ webPreferences })
    root.addChildView(view)
    contents = view.webContents
    set = bounds => view.setBounds(bounds)
  } else {
    const view = new BrowserView({ webPreferences })
    window.addBrowserView(view)
    contents = view.webContents
    set = bounds => view.setBounds(bounds)
  }
  const settle = (): void => {
    if (window.isDestroyed() || contents.isDestroyed()) return
    const { width, height } = window.getContentBounds()
    set(place({ width, height }))
  }
  // Some desktops tell the new size a moment after the event.
  for (const name of ['resize', 'maximize', 'unmaximize', 'show', 'restore'] as const)
    window.on(name as 'resize', () => {
      settle()
      setTimeout(settle, 50)
    })
  settle()
  // A view does not end with its window.
  window.once('closed', () => endContents(contents))
  return contents
}

function endContents(contents: WebContents): void {
  if (!contents.isDestroyed()) contents.close({ waitForBeforeUnload: false })
}
