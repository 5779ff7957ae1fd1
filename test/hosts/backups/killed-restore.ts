// Restores over and over, each time killed in another step at another moment, and asks what is there then; must not know which source it is.
import type { z } from 'zod'
import type { Artefact, BackupSourceType, SourceContext, Staging } from '../../../src/engine/backups/source.ts'
import type { Link } from '../../../src/engine/ports.ts'
import { createTcpProxy, type TestHost } from '../lib/index.ts'
import { type LinkOptions, link, reached, ready, trusting } from '../remote/support.ts'
import { inContext } from './source-support.ts'

type Step = 'stage' | 'check' | 'swap' | 'swapBack' | 'dropOld'
type State = 'nothing' | 'staged' | 'swapped'

export interface KilledRestore<S extends z.ZodObject> {
  readonly host: TestHost
  readonly type: BackupSourceType<S>
  readonly spec: z.output<S>
  readonly artefact: Artefact
  readonly options: LinkOptions
  readonly times: number
  /** Of each call, such as a password. */
  readonly context?: Partial<SourceContext>
  /** sh that kills what works for a restore on the host, or what it works with; each in its turn. */
  readonly kills?: readonly ((id: string) => string)[]
  /** Makes the present state the old one. */
  reset(): Promise<void>
  /** `old`, `new`, or what else it is. */
  present(): Promise<string>
  /** Names of this app's that lie around on the host. */
  leftovers(): Promise<string>
}

/** In this order: what one of them leaves is mostly what the next one needs. Of ten kills three are in a staging and three in a swap. */
const cycle: readonly Step[] = [
  ...(['stage', 'check', 'swap', 'swapBack', 'stage', 'swap', 'swapBack', 'stage', 'swap', 'dropOld'] as const),
]
/** Whatever has the restore's name in its arguments: scripts, and those who became another account for them. */
export const itsProcesses = (id: string): string => `pkill -9 -f '[${id.charAt(0)}]${id.slice(1)}([^0-9]|$)' || true`
const slack = 1.1
const patienceMs = 20_000

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** What was wrong, one line each, how often it ended old and new, and in which steps it was killed. */
export async function killRestores<S extends z.ZodObject>(its: KilledRestore<S>) {
  const { host, type, spec, artefact, options, times } = its
  const asking = await ready(host, options)
  const wrong: string[] = []
  const ends = { old: 0, new: 0 }
  const killed: Record<Step, number> = { stage: 0, check: 0, swap: 0, swapBack: 0, dropOld: 0 }
  const works: Record<Step, (context: SourceContext, staging: Staging) => Promise<unknown>> = {
    stage: (context, staging) => type.stage(context, spec, artefact, staging),
    check: async (context, staging) => {
      const bad = (await type.check(context, spec, artefact.part, staging)).find(({ ok }) => !ok)
      if (bad) throw new Error(bad.text)
    },
    swap: (context, staging) => type.swap(context, spec, staging),
    swapBack: (context, staging) => type.swapBack(context, spec, staging),
    dropOld: (context, staging) => type.dropOld(context, spec, staging),
  }
  const run = (over: Link, step: Step, id: string, signal?: AbortSignal): Promise<unknown> =>
    inContext(over, context => works[step](context, { id }), { ...its.context, ...(signal ? { signal } : {}) })
  /** What may be asked while a server that was killed comes up again. */
  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    for (const until = performance.now() + patienceMs; ; await sleep(200)) {
      try {
        return await work()
      } catch (error) {
        if ((error as { code?: string }).code !== 'UNREACHABLE' || performance.now() > until) throw error
      }
    }
  }
  const calm = (step: Step, id: string): Promise<unknown> => patiently(() => run(asking, step, id))
  const stateOf = (id: string): Promise<State> =>
    patiently(() => inContext(asking, context => type.stagedState(context, spec, { id }), its.context))
  /** What a killed beginning still does on the host may come late; the clean-up is what the app would do. */
  const clear = async (id: string): Promise<string> => {
    let left = ''
    for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(200)) {
      await patiently(() => inContext(asking, context => type.discard(context, spec, { id }), its.context))
      left = await its.leftovers()
      if (left === '') break
    }
    return left
  }

  await its.reset()
  const measured: Record<Step, number> = { stage: 0, check: 0, swap: 0, swapBack: 0, dropOld: 0 }
  for (const step of ['stage', 'check', 'swap', 'swapBack', 'swap', 'dropOld'] as const) {
    const begun = performance.now()
    await calm(step, 'measure')
    measured[step] = performance.now() - begun
  }
  if ((await its.present()) !== 'new') wrong.push(`a restore that nobody kills leaves ${await its.present()}`)
  await its.reset()
  const latency = await latencyOf(host)

  const ways: ((id: string) => string | 'cut' | 'cancel')[] = [
    () => 'cut',
    ...(its.kills ?? [itsProcesses]),
    () => 'cancel',
  ]
  const plan = Array.from({ length: times }, (_, n) => cycle[n % cycle.length] ?? 'stage')
  let victim: Awaited<ReturnType<typeof proxied>> | null = null
  let [id, round, state]: [string, number, State] = ['kill0', 0, 'nothing']
  for (const [n, step] of plan.entries()) {
    const nth = killed[step]++
    const share = ((nth + 0.5) / plan.filter(one => one === step).length) * slack
    const way = (ways[n % ways.length] ?? itsProcesses)(id)
    const where = `${n}, ${way} in ${step} after ${Math.round(share * measured[step])} of ${Math.round(measured[step])} ms`
    try {
      // to where the step begins
      if (state === 'nothing') id = `kill${++round}`
      if (state === 'nothing' && step !== 'stage') await calm('stage', id)
      if (state === 'swapped' && ['stage', 'check', 'swap'].includes(step)) await calm('swapBack', id)
      if (state !== 'swapped' && ['swapBack', 'dropOld'].includes(step)) await calm('swap', id)

      victim ??= await proxied(host, options)
      const abort = new AbortController()
      const { made, proxy } = victim
      const running = run(made, step, id, abort.signal).catch(() => {})
      const at = share * measured[step]
      if (way === 'cut' || way === 'cancel') {
        await sleep(at)
        if (way === 'cancel') abort.abort()
        else {
          await proxy.cut()
          await made.dispose()
          await proxy[Symbol.asyncDispose]()
          victim = null
        }
      } else await host.exec(`sleep ${(Math.max(0, at - latency) / 1_000).toFixed(3)}; ${way}`)
      // what it was told to give up, and what was killed, has to end by itself
      const ended = await Promise.race([running.then(() => true), sleep(patienceMs).then(() => false)])
      if (!ended) wrong.push(`${where}: it did not end`)

      state = await stateOf(id)
      const isNew = step === 'dropOld' || state === 'swapped'
      const wanted = isNew ? 'new' : 'old'
      const found = await its.present()
      if (found !== wanted) wrong.push(`${where}: told ${state}, and there is ${found}`)
      else ends[wanted]++
      if (state === 'swapped' && (step === 'stage' || step === 'check')) wrong.push(`${where}: it is swapped`)
      // what was staged whole is whole
      if (state === 'staged' && step === 'stage') await calm('check', id)
      // and on, or back, as after a kill of the app
      if (step === 'dropOld') {
        await calm('dropOld', id)
        state = await stateOf(id)
        if (state !== 'nothing') wrong.push(`${where}: dropped, it told ${state}`)
      } else if (step === 'swap' || step === 'swapBack') await calm(state === 'swapped' ? step : 'swapBack', id)
      if (step === 'swapBack') state = 'staged'
      const after = await its.present()
      const then = step === 'dropOld' || state === 'swapped' ? 'new' : 'old'
      if (after !== then) wrong.push(`${where}: and then there is ${after}`)
      if (state === 'nothing' || n === plan.length - 1) {
        if (state === 'swapped') await calm('dropOld', id)
        const left = await clear(id)
        if (left !== '') wrong.push(`${where}: left ${left}`)
        state = 'nothing'
      }
      if (step === 'dropOld') await its.reset()
    } catch (error) {
      wrong.push(
        `${where}: ${error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error)}`,
      )
      const is = await stateOf(id).catch((): State => 'nothing')
      if (is === 'swapped') await calm('dropOld', id).catch(() => {})
      await clear(id)
      await its.reset()
      state = 'nothing'
    }
  }
  await victim?.made.dispose()
  await victim?.proxy[Symbol.asyncDispose]()
  return { wrong, ends, killed }
}

/** A link that can be cut. */
async function proxied(host: TestHost, options: LinkOptions) {
  const proxy = await createTcpProxy({ target: { address: host.address, port: host.port } })
  const at = { address: proxy.address, port: proxy.port }
  const made = await link(host, { ...options, ...at, keys: await trusting(host, at) })
  made.start()
  await reached(made, 'ready')
  return { proxy, made }
}

/** Until a command begins on the host. */
async function latencyOf(host: TestHost): Promise<number> {
  const begun = performance.now()
  await host.exec(':')
  return performance.now() - begun
}
