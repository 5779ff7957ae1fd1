// The one thing that calls travel over, and its adapters for every kind of channel; knows nothing of what is sent.

/** Two ends of a channel that carries structured clones in order. */
export interface Port {
  post(message: unknown, transfer?: unknown[]): void
  /** Starts delivery. `onClose` is called once, also when the port was closed before. Returns a way to stop listening. */
  listen(onMessage: (message: unknown) => void, onClose?: () => void): () => void
  close(): void
}

/** What Electron's MessagePortMain looks like. */
export interface EmitterPort {
  postMessage(message: unknown, transfer?: never[]): void
  on(type: 'message', listener: (event: { data: unknown }) => void): unknown
  on(type: 'close', listener: () => void): unknown
  start(): void
  close(): void
}

/** A Port made of three functions; takes care that whatever happens after the end is harmless. */
export class SimplePort implements Port {
  readonly #send: (message: unknown, transfer?: unknown[]) => void
  readonly #start: () => void
  readonly #end: () => void
  readonly #listeners = new Set<{ onMessage: (message: unknown) => void; onClose: (() => void) | undefined }>()
  #started = false
  #closed = false

  constructor(parts: { send: (message: unknown, transfer?: unknown[]) => void; start?: () => void; end: () => void }) {
    this.#send = parts.send
    this.#start = parts.start ?? (() => {})
    this.#end = parts.end
  }

  get closed(): boolean {
    return this.#closed
  }

  post(message: unknown, transfer?: unknown[]): void {
    if (!this.#closed) this.#send(message, transfer)
  }

  listen(onMessage: (message: unknown) => void, onClose?: () => void): () => void {
    if (this.#closed) {
      if (onClose) queueMicrotask(onClose)
      return () => {}
    }
    const listener = { onMessage, onClose }
    this.#listeners.add(listener)
    if (!this.#started) {
      this.#started = true
      this.#start()
    }
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    if (this.#closed) return
    this.#finish()
    this.#end()
  }

  /** For the adapter: a message came in. */
  deliver(message: unknown): void {
    if (this.#closed) return
    for (const listener of [...this.#listeners]) listener.onMessage(message)
  }

  /** For the adapter: the other end is gone. */
  gone(): void {
    if (!this.#closed) this.#finish()
  }

  #finish(): void {
    this.#closed = true
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener.onClose?.()
  }
}

/** A port of a window (or of Node, which has the same class). Chrome before 122 tells nobody that the other end closed: call `gone()` there. */
export function fromEventPort(raw: MessagePort): SimplePort {
  const onMessage = (event: MessageEvent): void => port.deliver(event.data)
  const onClose = (): void => port.gone()
  const port = new SimplePort({
    send: (message, transfer) => raw.postMessage(message, (transfer ?? []) as Transferable[]),
    start: () => {
      raw.addEventListener('message', onMessage)
      raw.addEventListener('close', onClose)
      raw.start()
    },
    end: () => {
      raw.removeEventListener('message', onMessage)
      raw.removeEventListener('close', onClose)
      raw.close()
    },
  })
  return port
}

/** A MessagePortMain, in main or in a utility process. */
export function fromEmitterPort(raw: EmitterPort): SimplePort {
  const port = new SimplePort({
    // Electron takes an explicit `undefined` for a wrong list.
    send: (message, transfer) => (transfer ? raw.postMessage(message, transfer as never[]) : raw.postMessage(message)),
    start: () => raw.start(),
    end: () => raw.close(),
  })
  raw.on('message', event => port.deliver(event.data))
  raw.on('close', () => port.gone())
  return port
}

/** Two connected ports within one process, for tests and for the headless engine. Messages are cloned, as on a real channel. */
export function portPair(): [SimplePort, SimplePort] {
  const make = (other: () => SimplePort): SimplePort => {
    // Messages that come before anybody listens wait, as they do in a MessagePort.
    const waiting: unknown[] = []
    let started = false
    const port: SimplePort & { take?: (message: unknown) => void } = new SimplePort({
      send: message => {
        const copy = structuredClone(message)
        queueMicrotask(() => inbox.get(other())?.(copy))
      },
      start: () => {
        started = true
        queueMicrotask(() => {
          for (const message of waiting.splice(0)) port.deliver(message)
        })
      },
      end: () => queueMicrotask(() => other().gone()),
    })
    inbox.set(port, message => {
      if (started && waiting.length === 0) port.deliver(message)
      else waiting.push(message)
    })
    return port
  }
  const left: SimplePort = make(() => right)
  const right: SimplePort = make(() => left)
  return [left, right]
}

const inbox = new WeakMap<SimplePort, (message: unknown) => void>()
