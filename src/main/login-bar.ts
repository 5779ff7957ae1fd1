// The strip above a site's page that says where one really is, and its buttons; a page of our own that no site can reach or draw over.
import type { WebContents, WebPreferences } from 'electron'
import type { ShownAddress } from './login-address.ts'

export const barHeight = 52
export const barCommands = ['back', 'reload', 'use', 'close'] as const
export type BarCommand = (typeof barCommands)[number]

export interface BarState extends ShownAddress {
  readonly loading: boolean
  readonly canGoBack: boolean
  /** The cookies that are wanted are there, so that the person may say that they are the right ones. */
  readonly canUse: boolean
  /** What is taken, or what is wrong. */
  readonly note: string
}

export const barPreferences: WebPreferences = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  devTools: false,
  spellcheck: false,
  disableDialogs: true,
}

// Never fetched: the shell takes the place of the journey there.
const commandOrigin = 'https://bar.invalid/'

/** Binds the bar's own page: it goes nowhere, and what its buttons want is told. */
export function confineBar(contents: WebContents, onCommand: (command: BarCommand) => void): void {
  contents.on('will-navigate', event => {
    event.preventDefault()
    const command = barCommands.find(known => event.url === `${commandOrigin}${known}`)
    if (command) onCommand(command)
  })
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-attach-webview', event => event.preventDefault())
}

/** Shows the state. The text is data to the bar's page, never markup. */
export function showBar(contents: WebContents, state: BarState): void {
  if (contents.isDestroyed() || contents.isLoading()) return
  contents
    .executeJavaScript(`(${draw.toString()})(${JSON.stringify(state)}, ${JSON.stringify(commandOrigin)})`)
    .catch(() => {})
}

interface BarElement {
  textContent: string | null
  hidden: boolean
  disabled: boolean
  className: string
  title: string
  onclick: (() => void) | null
}

// Runs in the bar's page, so that it may use nothing but its arguments.
function draw(state: BarState, origin: string): void {
  const page = globalThis as unknown as {
    document: { getElementById(id: string): BarElement; documentElement: { dataset: Record<string, string> } }
    location: { href: string }
  }
  const part = (id: string): BarElement => page.document.getElementById(id)
  const text = (id: string, value: string): void => {
    // Only what changed is written, so that a screen reader says it once.
    if (part(id).textContent !== value) part(id).textContent = value
  }
  for (const id of ['back', 'reload', 'use', 'close']) {
    part(id).onclick = () => {
      page.location.href = origin + id
    }
  }
  page.document.documentElement.dataset.state = state.state
  text('word', state.word)
  text('host', state.host)
  text('note', state.loading ? 'Loading …' : state.note)
  part('host').title = state.host
  part('note').title = state.note
  part('back').disabled = !state.canGoBack
  part('use').hidden = !state.canUse
}

/** The bar's page: drawn once, no script of its own, nothing fetched. */
export function barPage(): string {
  const icon = (path: string): string =>
    `<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${path}</svg>`
  const lock = '<rect x="5" y="11" width="14" height="9" rx="2"/>'
  const html = `<!doctype html><html lang="en" data-state="none"><head><meta charset="utf-8"><title>Where you are</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><style>
:root{color-scheme:light dark;--back:#f7f8fa;--text:#14181d;--dim:#535d69;--line:#cfd5dc;--good:#14703c;--warn:#8a5300;--bad:#b3261e;--field:#fff}
@media(prefers-color-scheme:dark){:root{--back:#171b21;--text:#e8ebef;--dim:#a3adb8;--line:#39424d;--good:#5fc98a;--warn:#e6b052;--bad:#ff8a80;--field:#0f1216}}
*{box-sizing:border-box}html,body{height:100%;margin:0;overflow:hidden}
body{display:flex;align-items:center;gap:6px;padding:0 8px;background:var(--back);color:var(--text);border-bottom:1px solid var(--line);font:13px/1.3 system-ui,sans-serif;user-select:none}
button{display:inline-flex;align-items:center;justify-content:center;gap:6px;min-width:32px;height:32px;padding:0 8px;border:1px solid transparent;border-radius:6px;background:none;color:inherit;font:inherit;white-space:nowrap}
button:hover:enabled{border-color:var(--line)}button:disabled{color:var(--dim);opacity:.5}button:focus-visible{outline:2px solid currentColor;outline-offset:-2px}
button[hidden]{display:none}#use{border-color:var(--line);background:var(--field)}
#where{flex:1 1 auto;min-width:0;display:flex;align-items:center;gap:8px;height:34px;padding:0 10px;border:1px solid var(--line);border-radius:6px;background:var(--field)}
#word,#lock{flex:none;color:var(--dim)}#lock{display:flex}#host{min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;direction:rtl;unicode-bidi:plaintext;font-weight:600}
#note{flex:0 1 auto;margin-left:auto;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--dim)}
[data-state=encrypted] :is(#word,#lock){color:var(--good)}[data-state=plain] :is(#word,#lock){color:var(--warn)}[data-state=refused] :is(#word,#lock){color:var(--bad)}
.shut,.open{display:none}[data-state=encrypted] .shut{display:block}:is([data-state=plain],[data-state=refused]) .open{display:block}
</style></head><body>
<button id="back" type="button" aria-label="Back" disabled>${icon('<path d="m15 18-6-6 6-6"/>')}</button>
<button id="reload" type="button" aria-label="Reload">${icon('<path d="M20 12a8 8 0 1 1-2.3-5.7L20 8.5"/><path d="M20 3v5.5h-5.5"/>')}</button>
<div id="where" role="group" aria-label="Address"><span id="lock"><span class="shut">${icon(`${lock}<path d="M8 11V8a4 4 0 0 1 8 0v3"/>`)}</span><span class="open">${icon(`${lock}<path d="M8 11V8a4 4 0 0 1 7.5-2"/>`)}</span></span>
<span id="word" role="status">Empty page</span><strong id="host" dir="ltr"></strong><span id="note" role="status"></span></div>
<button id="use" type="button" hidden>Use this session</button>
<button id="close" type="button">Close</button>
</body></html>`
  return `data:text/html;charset=utf-8,${encodeURIComponent(html)}`
}
