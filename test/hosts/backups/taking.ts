// Takes one file of a test host to a folder here and to a folder on the host, as a backup does, and can be cut at any byte; must not know what is proven.
import { Transform } from 'node:stream'
import { openHostPipe } from '../../../src/engine/backups/pipe/host-pipe.ts'
import { type Transferred, transfer } from '../../../src/engine/lib/bulk/transfer.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import type { Link } from '../../../src/engine/ports.ts'
import { hostFolder } from '../../../src/engine/targets/host-folder.ts'
import { localFolder } from '../../../src/engine/targets/local-folder.ts'
import type { TargetStore } from '../../../src/engine/targets/target.ts'

export interface Taking {
  readonly source: Link
  readonly keeper: Link
  readonly localFolder: string
  readonly hostFolder: string
  readonly name: string
  /** On the host. */
  readonly file: string
  readonly signal?: AbortSignal
  /** What the host runs instead of `cat FILE`. */
  readonly argv?: readonly string[]
  /** Called once so many bytes have come through. */
  readonly cut?: { readonly at: number; act(): void | Promise<void> }
}

export const here = (folder: string): Promise<TargetStore> => open(localFolder, { folder }, null)
export const there = (link: Link, folder: string): Promise<TargetStore> =>
  open(hostFolder, { hostId: 'test-host', folder }, link)

function open<T extends typeof localFolder | typeof hostFolder>(type: T, fields: unknown, link: Link | null) {
  const context = {
    clock: systemClock,
    defaultFolder: '/nowhere',
    link: async () => link ?? Promise.reject(new Error('no link')),
    secret: async () => null,
  }
  return type.open(context, type.spec.parse(fields) as never)
}

/** Takes it; rejects as the transfer does. */
export async function take(options: Taking): Promise<Transferred<unknown>> {
  const signal = options.signal ?? new AbortController().signal
  const writers = await Promise.allSettled([
    here(options.localFolder).then(store => store.create(`shop/${options.name}/file`, signal)),
    there(options.keeper, options.hostFolder).then(store => store.create(`shop/${options.name}/file`, signal)),
  ])
  const opened = writers.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  const refused = writers.find(one => one.status === 'rejected')
  try {
    if (refused !== undefined) throw refused.reason
    const pipe = await openHostPipe(
      { link: options.source, clock: systemClock, signal },
      { argv: options.argv ?? ['cat', options.file], what: 'cat', compression: 'none' },
    )
    return await transfer({
      source: options.cut === undefined ? pipe.stream : pipe.stream.compose(cutter(options.cut)),
      compression: pipe.compression,
      want: 'none',
      encrypt: null,
      rawToo: false,
      writers: opened,
      bytesPerSecond: null,
      ended: pipe.ended,
      clock: systemClock,
      signal,
    })
  } catch (caught) {
    await Promise.all(opened.map(writer => writer.abort()))
    throw caught
  }
}

function cutter({ at, act }: NonNullable<Taking['cut']>): Transform {
  let seen = 0
  let done = false
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      const before = seen
      seen += chunk.length
      if (done || seen < at) return next(null, chunk)
      done = true
      this.push(chunk.subarray(0, at - before))
      Promise.resolve(act()).then(() => next(null, chunk.subarray(at - before)), next)
    },
  })
}
