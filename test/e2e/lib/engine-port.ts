// A second connection of the page to the engine, for tests that speak the contract themselves; the app's own stays as it is.
import type { Page } from '@playwright/test'

/** An answer as it comes over the port: `ok` with a value, or `fail` with an error. */
export interface RawReply {
  readonly t: string
  readonly value?: unknown
  readonly error?: { readonly code: string; readonly message: string }
}

interface TestScope {
  testPort?: MessagePort
  testReplies?: Map<number, (reply: RawReply) => void>
  testNextId?: number
}

/** Opens the connection (again, after the engine was restarted). */
export async function openEnginePort(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>(resolve => {
        const scope = window as unknown as TestScope
        const onMessage = (event: MessageEvent): void => {
          const port = event.ports[0]
          if (event.data?.quarterdeck !== 'port' || event.data.kind !== 'engine' || !port) return
          // Before the app's own listener, which would take this for a new engine.
          event.stopImmediatePropagation()
          window.removeEventListener('message', onMessage, true)
          const replies = new Map<number, (reply: RawReply) => void>()
          port.onmessage = ({ data }) => replies.get(data.id)?.(data)
          Object.assign(scope, { testPort: port, testReplies: replies, testNextId: 0 } satisfies TestScope)
          resolve()
        }
        window.addEventListener('message', onMessage, true)
        window.quarterdeck.request('engine')
      }),
  )
}

/** Asks the engine, past all of the page's own code. */
export function askEngine(page: Page, name: string, input?: unknown): Promise<RawReply> {
  return page.evaluate(
    ([callName, callInput]) =>
      new Promise<RawReply>(resolve => {
        const scope = window as unknown as Required<TestScope>
        const id = scope.testNextId++
        scope.testReplies.set(id, reply => {
          scope.testReplies.delete(id)
          resolve(reply)
        })
        scope.testPort.postMessage({ t: 'call', id, name: callName, input: callInput })
      }),
    [name, input] as const,
  )
}
