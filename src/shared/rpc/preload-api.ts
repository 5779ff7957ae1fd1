// How a window's page gets its ports from the shell around it; the page's half of it. Knows nothing of Electron or of what is said over a port.
import { fromEventPort, type Port, type SimplePort } from './port.ts'

/** `engine`: the engineContract, new after each engine restart. `shell`: the shellContract. */
export type PortKind = 'engine' | 'shell'

/** All that the preload script exposes: a way to ask. The port itself arrives as a message to the window, being no plain value. */
export interface PreloadApi {
  request(kind: PortKind): void
}

declare global {
  interface Window {
    readonly quarterdeck: PreloadApi
  }
}

/** What the preload script posts to its own window; a port is transferred beside `port`. */
export interface PortMessage {
  readonly quarterdeck: 'port' | 'gone'
  readonly kind: PortKind
  readonly id: number
}

/**
 * Asks for a port of this kind. `onPort` is called with it, and again with a new one whenever the other end was restarted (the old one is
 * closed by then). Call once per kind and page:
 *
 *     openPort('engine', port => { client = connect(engineContract, port) })
 */
export function openPort(kind: PortKind, onPort: (port: Port) => void): () => void {
  let current: { id: number; port: SimplePort } | null = null
  const onMessage = (event: MessageEvent): void => {
    // Only this very window may hand over ports: the preload script lives in it.
    if (event.source !== window || !isPortMessage(event.data) || event.data.kind !== kind) return
    const { quarterdeck, id } = event.data
    if (quarterdeck === 'gone') {
      if (current?.id === id) current.port.close()
      return
    }
    const raw = event.ports[0]
    if (!raw) return
    current?.port.close()
    current = { id, port: fromEventPort(raw) }
    onPort(current.port)
  }
  window.addEventListener('message', onMessage)
  window.quarterdeck.request(kind)
  return () => {
    window.removeEventListener('message', onMessage)
    current?.port.close()
  }
}

function isPortMessage(value: unknown): value is PortMessage {
  if (typeof value !== 'object' || value === null) return false
  const message = value as Partial<PortMessage>
  return (message.quarterdeck === 'port' || message.quarterdeck === 'gone') && typeof message.id === 'number'
}
