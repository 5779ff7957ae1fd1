// Addresses on loopback that are well or not, the checks that watch them, and what a channel heard of each; knows no engine.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CheckDraft } from '../../../src/shared/model/check.ts'
import type { HookRecorder } from './hook-recorder.ts'

export class HttpTargets implements AsyncDisposable {
  /** Those that answer 200 instead of 500. */
  readonly well = new Set<number>()
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      response.writeHead(this.well.has(Number(request.url?.slice(1))) ? 200 : 500).end()
    })
  }

  static async start(): Promise<HttpTargets> {
    const targets = new HttpTargets()
    await new Promise<void>(resolve => targets.#server.listen(0, '127.0.0.1', resolve))
    return targets
  }

  /** A check at its tightest. */
  draft(hostId: string, n: number): CheckDraft {
    return {
      hostId,
      type: 'http',
      name: `target-${n}.`,
      spec: { url: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${n}` },
      unit: null,
      enabled: true,
      vantage: 'local',
      intervalSeconds: 1,
      timeoutSeconds: 5,
      failureThreshold: 1,
      recoveryThreshold: 1,
      forSeconds: 0,
      severity: 'critical',
      dependsOn: [],
      tags: [],
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}

/** Which target a title or a check's name is about; null for none. */
export function targetIn(text: string): number | null {
  const n = /target-(\d+)\./.exec(text)?.[1]
  return n === undefined ? null : Number(n)
}

/** Which targets were told so, with the ids of the messages that said it. */
export function heard({ messages }: HookRecorder, kind: string): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>()
  for (const { id, items } of messages)
    for (const item of items) {
      const n = targetIn(item.title)
      if (n !== null && item.kind === kind) found.set(n, (found.get(n) ?? new Set()).add(id))
    }
  return found
}

/** For each kill, the duplicates that followed from it: a message that came again after it. One that came again without a kill is under Infinity. */
export function duplicates({ messages }: HookRecorder, killedAt: readonly number[]): Map<number, number> {
  const last = new Map<string, number>()
  const found = new Map<number, number>()
  for (const { id, at } of messages) {
    const before = last.get(id)
    last.set(id, at)
    if (before === undefined) continue
    const kill = killedAt.find(time => time >= before && time <= at) ?? Number.POSITIVE_INFINITY
    found.set(kill, (found.get(kill) ?? 0) + 1)
  }
  return found
}
