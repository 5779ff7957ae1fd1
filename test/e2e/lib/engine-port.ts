// A second connection of the page to the engine, for tests that speak the contract themselves; the app's own stays as it is.
import type { Page } from '@playwright/test'

/** An answer as it comes over the port: `ok` with a value, or `fail` with an error; `late` where none came for 20 s. */
export interface RawReply {
  readonly t: string
  readonly value?: unknown
  readonly error?: { readonly code: string; readonly message: string }
}

interface TestScope {
  testWants?: boolean
  testPort?: MessagePort | null
  testReplies?: Map<number, (reply: RawReply) => void>
  testNextId?: number
}

const prepared = new WeakSet<Page>()

/**
 * Opens the connection, and anew after the engine was restarted. The first time the page is loaded again: a listener of ours has to be
 * there before the app's own, which would take every port for its.
 */
export async function openEnginePort(page: Page): Promise<void> {
  if (!prepared.has(page)) {
    prepared.add(page)
    await page.addInitScript(() => {
      const scope = window as unknown as TestScope
      window.addEventListener('message', event => {
        const port = event.ports[0]
        if (!scope.testWants || event.data?.quarterdeck !== 'port' || event.data.kind !== 'engine' || !port) return
        event.stopImmediatePropagation()
        const replies = new Map<number, (reply: RawReply) => void>()
        port.onmessage = ({ data }) => replies.get(data.id)?.(data)
        Object.assign(scope, { testWants: false, testPort: port, testReplies: replies, testNextId: 0 })
      })
    })
    // A window is there before its page is: loading again meanwhile would be refused.
    await page.waitForFunction(() => location.protocol === 'app:' && document.readyState === 'complete')
    await page.reload()
  }
  await page.evaluate(() => {
    const scope = window as unknown as TestScope
    scope.testPort = null
    scope.testWants = true
    window.quarterdeck.request('engine')
  })
  await page.waitForFunction(() => (window as unknown as TestScope).testPort)
}

/** Asks the engine, past all of the page's own code. */
export function askEngine(page: Page, name: string, input?: unknown): Promise<RawReply> {
  return page.evaluate(
    ([callName, callInput]) =>
      new Promise<RawReply>(resolve => {
        const scope = window as unknown as TestScope
        const id = scope.testNextId ?? 0
        scope.testNextId = id + 1
        const settle = (reply: RawReply): void => {
          scope.testReplies?.delete(id)
          resolve(reply)
        }
        scope.testReplies?.set(id, settle)
        setTimeout(() => settle({ t: 'late' }), 20_000)
        scope.testPort?.postMessage({ t: 'call', id, name: callName, input: callInput })
      }),
    [name, input] as const,
  )
}
