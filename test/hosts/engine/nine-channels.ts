// All nine kinds of channels on one running engine, and what a reader of each was told; knows no cause and no rule.
import { expect } from 'vitest'
import { startEight } from '../../fakes/channels/eight.ts'
import { type RunningEngine, until } from './running-engine.ts'

/** A message by its first line, like `🔴 Critical: bot failed on web-1`. */
export type Headline = `${'🔴 Critical' | '🟠 Warning' | '🟢 Resolved' | '🔴 Needs you'}: ${string}`

interface Reader {
  readonly type: string
  arrived(): string[]
  /** The headline as this reader sees it. */
  seen(headline: Headline): string
}
type ByChannel = Record<string, string[]>

export class NineChannels implements AsyncDisposable {
  readonly #eight: Awaited<ReturnType<typeof startEight>>
  readonly #readers: readonly Reader[]
  /** What was told of each host, as far as a test is done with it. */
  readonly #told = new Map<string, readonly Headline[]>()

  private constructor(eight: Awaited<ReturnType<typeof startEight>>, app: RunningEngine) {
    this.#eight = eight
    this.#readers = [
      {
        type: 'desktop',
        arrived: () => app.notifications.map(({ urgency, title, body }) => `${urgency}: ${title}\n${body}`),
        // it shows how bad it is by other means than words
        seen: headline =>
          `${headline.startsWith('🔴') ? 'critical' : 'normal'}${headline.slice(headline.indexOf(': '))}\n`,
      },
      ...eight.channels.map(each => ({
        type: each.draft.type,
        arrived: each.arrived,
        seen: (headline: Headline) => headline,
      })),
    ]
  }

  /** To be called before the engine has a host. */
  static async on(app: RunningEngine): Promise<NineChannels> {
    const eight = await startEight()
    for (const { draft, secrets } of eight.channels) await app.client.call('channel.add', { draft, secrets })
    return new NineChannels(eight, app)
  }

  /** Resolves once every reader was told as many messages of the host; they have to be these, in this order. */
  async told(hostName: string, headlines: readonly Headline[], withinMs = 60_000): Promise<void> {
    const about = (): ByChannel => this.#about(hostName, headlines)
    await until(
      () => Object.values(about()).every(texts => texts.length >= headlines.length),
      withinMs,
      () => JSON.stringify(about(), null, 1),
    )
    expect(about()).toEqual(this.#all(headlines))
    this.#told.set(hostName, headlines)
  }

  /** What was told of these hosts is all there was, and what was sent is as each service documents it. */
  expectNothingElse(hostNames: readonly string[]): void {
    for (const [name, headlines] of this.#told) expect(this.#about(name, headlines)).toEqual(this.#all(headlines))
    const ofNone = (text: string): boolean => !hostNames.some(name => names(text, name))
    expect(this.#each(({ arrived }) => arrived().filter(ofNone))).toEqual(this.#all([]))
    expect(this.#eight.channels.flatMap(channel => channel.violations())).toEqual([])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#eight[Symbol.asyncDispose]()
  }

  /** What arrived that names the host: each message stands as the one of `headlines` that it has, else (or with several) as it is. */
  #about(hostName: string, headlines: readonly Headline[]): ByChannel {
    return this.#each(({ arrived, seen }) =>
      arrived()
        .filter(text => names(text, hostName))
        .map(text => {
          const [only, ...others] = headlines.filter(headline => text.includes(seen(headline)))
          return only && others.length === 0 ? only : text
        }),
    )
  }

  #all(headlines: readonly Headline[]): ByChannel {
    return this.#each(() => [...headlines])
  }

  #each(texts: (reader: Reader) => string[]): ByChannel {
    return Object.fromEntries(this.#readers.map(reader => [reader.type, texts(reader)]))
  }
}

/** `web-1` is no word of `web-12`. */
function names(text: string, hostName: string): boolean {
  return text.split(/[^\w-]+/).includes(hostName)
}
