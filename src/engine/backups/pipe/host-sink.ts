// A program on the host that is fed from here: what arrives is counted and hashed there, and has to be what was sent; knows no source.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../../../shared/errors.ts'
import { settledWithin } from '../../lib/clock.ts'
import { type PipeContext, secretLines, whenEnded } from './host-pipe.ts'
import { failureOf, PipeReport, type Report } from './pipe-report.ts'
import { pushArgv } from './pipe-script.ts'

/** So long a program that reads no more may take to say why. */
const lastWordsMs = 5_000

export interface HostSinkOptions {
  /** The program whose stdin it is. What it writes to stdout counts as words of stderr. */
  readonly argv: readonly string[]
  /** What it does, for a sentence: `pg_restore into app`. */
  readonly what: string
  readonly input: Readable
  readonly sudo?: boolean
  readonly accept?: readonly number[]
  /** As of a host pipe: `$QD_PRIVATE/NAME`. */
  readonly secrets?: Readonly<Record<string, string>>
}

export interface HostSinkEnd {
  readonly bytes: number
  readonly sha256: string
  readonly exit: number
  readonly facts: Report['facts']
  readonly said: string
}

/**
 * Feeds the program until the input ends. Rejects where the program failed, the link went, or what arrived is not what was sent: then what
 * the program made must be thrown away, for it may have taken a broken connection for the end.
 */
export async function feedHost(context: PipeContext, options: HostSinkOptions): Promise<HostSinkEnd> {
  const { link, clock, signal } = context
  // it may fail before the program has begun; where the program went first, the input is only torn down
  let inputFailed: unknown = null
  let isRead = true
  options.input.on('error', error => {
    if (isRead) inputFailed ??= error
  })
  const nonce = randomBytes(12).toString('hex')
  const secrets = secretLines(options.secrets ?? {})
  const argv = pushArgv({ nonce, secrets: secrets.count, patienceSeconds: 0, near: null, argv: options.argv })
  const process = await link.spawn(argv, { sudo: options.sudo ?? false, signal, bulk: true }).catch(error => {
    options.input.destroy()
    throw error
  })
  const report = new PipeReport(nonce)
  const quiet = whenEnded(process.stderr)
  process.stderr.on('data', (chunk: Uint8Array) => report.take(chunk))
  process.stdout.on('error', () => {})
  process.stdout.resume()
  if (secrets.count > 0) process.stdin.write(secrets.text)
  const hash = createHash('sha256')
  let bytes = 0
  const tap = new Transform({
    highWaterMark: 1024 * 1024,
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  const gone = new AbortController()
  const readsNoMore = (why: string): void => gone.abort(new AppError('LINK_LOST', `The program on the host ${why}`))
  process.stdin.once('close', () => readsNoMore('reads no more'))
  void process.ended.then(() => readsNoMore('has ended'))
  // a program that is stuck keeps nobody from hearing that the input has failed
  const torn = new AbortController()
  tap.once('error', () => torn.abort())
  const over = AbortSignal.any([gone.signal, torn.signal])
  let broken: unknown = null
  try {
    // a duplex of a channel: only its writable half is ours to wait for
    await pipeline(options.input, tap, async chunks => {
      for await (const chunk of chunks) {
        if (process.stdin.write(chunk)) continue
        await once(process.stdin, 'drain', { signal: over }).catch(error => {
          if (torn.signal.aborted) throw error
          isRead = false
          throw gone.signal.aborted ? gone.signal.reason : error
        })
      }
      process.stdin.end()
    })
  } catch (caught) {
    broken = caught
    if (!isRead) await settledWithin(clock, lastWordsMs, [process.ended])
    process.dispose()
  }
  const how = await process.ended
  await quiet
  if (signal.aborted) throw new AppError('CANCELLED', 'Cancelled')
  if (inputFailed !== null) throw AppError.from(inputFailed)
  const { exits, bytes: arrived, sha256, facts, fail, ended } = report.report
  if (fail !== null) throw fail
  const exit = exits.get('program')
  if (exit !== undefined && ![0, ...(options.accept ?? [])].includes(exit))
    throw failureOf(`${options.what} failed (exit ${exit})`, report.said())
  if (how.lost) throw new AppError('LINK_LOST', 'The connection was lost in the middle')
  if (broken !== null || how.exit !== 0 || !ended || exit === undefined)
    throw failureOf(`${options.what} was ended on the host before it was done`, report.said())
  if (arrived !== bytes || sha256 !== hash.digest('hex'))
    throw new AppError('LINK_LOST', `${options.what}: what arrived on the host is not what was sent`)
  return { bytes, sha256, exit, facts, said: report.said() }
}
