// Restores over and over, each time killed at another moment, and asks what is there then; must not know which source it is.
import type { z } from 'zod'
import type { Artefact, BackupSourceType, SourceContext } from '../../../src/engine/backups/source.ts'
import type { Link } from '../../../src/engine/ports.ts'
import { createTcpProxy, type TestHost } from '../lib/index.ts'
import { type LinkOptions, link, reached, ready, trusting } from '../remote/support.ts'
import { inContext } from './source-support.ts'

export interface KilledRestore<S extends z.ZodObject> {
  readonly host: TestHost
  readonly type: BackupSourceType<S>
  readonly spec: z.output<S>
  readonly artefact: Artefact
  readonly options: LinkOptions
  readonly times: number
  /** Makes the present state the old one. */
  reset(): Promise<void>
  /** `old`, `new`, or what else it is. */
  present(): Promise<string>
  /** Names of this app's that lie around on the host. */
  leftovers(): Promise<string>
}

const ways = ['the link is cut', 'its processes are killed', 'it is cancelled'] as const

/** What was wrong, one line each, and how often it ended old and new. */
export async function killRestores<S extends z.ZodObject>(its: KilledRestore<S>) {
  const { host, type, spec, artefact, options } = its
  const asking = await ready(host, options)
  const wrong: string[] = []
  const ends = { old: 0, new: 0 }
  const ask = <T>(work: (context: SourceContext) => Promise<T>): Promise<T> => inContext(asking, work)
  const restore = async (over: Link, id: string, signal: AbortSignal): Promise<void> => {
    const context = { signal }
    await inContext(over, it => type.stage(it, spec, artefact, { id }), context)
    await inContext(over, it => type.check(it, spec, artefact.part, { id }), context)
    await inContext(over, it => type.swap(it, spec, { id }), context)
  }
  await its.reset()
  const begun = performance.now()
  await restore(asking, 'measure', AbortSignal.timeout(60_000))
  const whole = performance.now() - begun
  if ((await its.present()) !== 'new') wrong.push(`a restore that nobody kills leaves ${await its.present()}`)
  await ask(context => type.dropOld(context, spec, { id: 'measure' }))

  for (let n = 0; n < its.times; n++) {
    const way = ways[n % ways.length] ?? ways[0]
    const id = `kill${n}`
    // evenly over all of it, the last third twice as dense: there it is swapped
    const share = (n * 0.618_034) % 1
    const at = whole * (n % 2 === 0 ? share : 0.66 + share * 0.4)
    await its.reset()
    await using proxy = await createTcpProxy({ target: { address: host.address, port: host.port } })
    const over = { ...options, address: proxy.address, port: proxy.port }
    const made = await link(host, { ...over, keys: await trusting(host, { address: proxy.address, port: proxy.port }) })
    made.start()
    await reached(made, 'ready')
    const abort = new AbortController()
    const running = restore(made, id, abort.signal).then(
      () => 'done',
      () => 'failed',
    )
    await new Promise(resolve => setTimeout(resolve, at))
    if (way === 'the link is cut') await proxy.cut()
    else if (way === 'it is cancelled') abort.abort()
    else await host.exec(`pkill -9 -f '[k]ill${n}( |$)' || true`)
    await made.dispose()
    await running
    const where = `${n}, ${way} after ${Math.round(at)} of ${Math.round(whole)} ms`
    try {
      const state = await ask(context => type.stagedState(context, spec, { id }))
      const found = await its.present()
      const wanted = state === 'swapped' ? 'new' : 'old'
      if (found !== wanted) wrong.push(`${where}: told ${state}, and there is ${found}`)
      else ends[wanted]++
      await ask(context => (state === 'swapped' ? type.dropOld : type.discard)(context, spec, { id }))
      const after = await its.present()
      if (after !== wanted) wrong.push(`${where}: after the clean-up there is ${after}`)
      let left = await its.leftovers()
      // a beginning that came late leaves an empty folder, which the next clean-up takes along
      for (let again = 0; left !== '' && state !== 'swapped' && again < 3; again++) {
        await new Promise(resolve => setTimeout(resolve, 200))
        await ask(context => type.discard(context, spec, { id }))
        left = await its.leftovers()
      }
      if (left !== '') wrong.push(`${where}: left ${left}`)
    } catch (error) {
      wrong.push(`${where}: ${String(error)}`)
    }
  }
  return { wrong, ends }
}
