// Gives the window its ports, and only the window: who asks is checked, a new engine means a new port. Knows nothing of what is said over them.
import { ipcMain, MessageChannelMain, type MessagePortMain, type WebContents } from 'electron'
import type { PortKind, PortMessage } from '../shared/rpc/preload-api.ts'
import type { Log } from './log.ts'

export interface WindowPortsOptions {
  /** Is this the one page that may ask? Its origin is checked here as well as by the sandbox around it. */
  readonly isOurs: (contents: WebContents) => boolean
  readonly origin: string
  readonly connectEngine: () => MessagePortMain | null
  /** Serves the shell contract over this port; returns how to end that. */
  readonly serveShell: (port: MessagePortMain) => () => void
  readonly log: Log
}

interface Given {
  readonly id: number
  readonly end: () => void
}

/** Ports of all windows that asked for some. */
export class WindowPorts {
  readonly #options: WindowPortsOptions
  readonly #given = new Map<WebContents, Map<PortKind, Given | null>>()
  #nextId = 1
  #onAsked = (): void => {}
  /** Resolves when a page asks for its first port: it runs. */
  readonly asked = new Promise<void>(resolve => {
    this.#onAsked = resolve
  })

  constructor(options: WindowPortsOptions) {
    this.#options = options
    ipcMain.on('quarterdeck:request', (event, kind: unknown) => {
      const contents = event.sender
      const ours =
        options.isOurs(contents) &&
        event.senderFrame === contents.mainFrame &&
        originOf(event.senderFrame?.url) === options.origin
      if (!ours || (kind !== 'engine' && kind !== 'shell')) {
        options.log.warn('port refused', {
          url: event.senderFrame?.url.slice(0, 200) ?? null,
          kind: String(kind).slice(0, 20),
        })
        return
      }
      this.#give(contents, kind)
      this.#onAsked()
    })
  }

  /** To be called for each window: its ports end with its page. */
  watch(contents: WebContents): void {
    contents.on('did-start-navigation', event => {
      if (event.isMainFrame && !event.isSameDocument) this.#drop(contents)
    })
    contents.on('destroyed', () => this.#drop(contents))
    contents.on('render-process-gone', () => this.#drop(contents))
  }

  /** A new engine runs: whoever wants it gets a new port. */
  engineStarted(): void {
    for (const [contents, kinds] of this.#given) if (kinds.has('engine')) this.#give(contents, 'engine')
  }

  /** The engine is gone: windows are told at once, since not every Chrome tells a page that its port was closed. */
  engineGone(): void {
    for (const [contents, kinds] of this.#given) {
      const given = kinds.get('engine')
      if (!given) continue
      kinds.set('engine', null)
      tell(contents, 'quarterdeck:gone', { kind: 'engine', id: given.id })
    }
  }

  #give(contents: WebContents, kind: PortKind): void {
    let kinds = this.#given.get(contents)
    if (!kinds) {
      kinds = new Map()
      this.#given.set(contents, kinds)
    }
    kinds.get(kind)?.end()
    const id = this.#nextId++
    if (kind === 'shell') {
      const { port1, port2 } = new MessageChannelMain()
      kinds.set(kind, { id, end: this.#options.serveShell(port1) })
      tell(contents, 'quarterdeck:port', { kind, id }, [port2])
      return
    }
    const port = this.#options.connectEngine()
    kinds.set(kind, port ? { id, end: () => {} } : null)
    if (port) tell(contents, 'quarterdeck:port', { kind, id }, [port])
  }

  #drop(contents: WebContents): void {
    for (const given of this.#given.get(contents)?.values() ?? []) given?.end()
    this.#given.delete(contents)
  }
}

function tell(
  contents: WebContents,
  channel: string,
  message: Pick<PortMessage, 'kind' | 'id'>,
  transfer: MessagePortMain[] = [],
): void {
  if (!contents.isDestroyed()) contents.postMessage(channel, message, transfer)
}

// `URL.origin` is "null" for schemes it does not know, whatever Chromium makes of them.
function originOf(address: string | undefined): string | null {
  try {
    const url = new URL(address ?? '')
    return `${url.protocol}//${url.host}`
  } catch {
    return null
  }
}
