// A program on the host whose output comes here: compressed there, counted and hashed on the way, ended as a whole; knows no source.
import { randomBytes } from 'node:crypto'
import { Transform } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'
import { beatMs, patienceSeconds } from '../../lib/life-line.ts'
import type { RemoteProcess } from '../../ports.ts'
import type { Compression, Dump, DumpEnd, SourceContext } from '../source.ts'
import { failureOf, PipeReport, type Report } from './pipe-report.ts'
import { pullArgv } from './pipe-script.ts'

export type PipeContext = Pick<SourceContext, 'link' | 'clock' | 'signal'>

export interface HostPipeOptions {
  /** The program whose stdout is wanted. `say fact KEY VALUE` and `fail CODE WORDS` of `pipeTools` reach the end of the pipe. */
  readonly argv: readonly string[]
  /** What it does, for a sentence: `pg_dump of app`. */
  readonly what: string
  readonly compression: 'auto' | Compression
  readonly sudo?: boolean
  /** Exits of the program other than 0 that are fine, such as tar's 1. */
  readonly accept?: readonly number[]
  /** Files for the program alone, in memory on the host: `$QD_PRIVATE/NAME`, 0600, gone at the end. Never in argv or environment. */
  readonly secrets?: Readonly<Record<string, string>>
  /** A folder of the host beside which `scratch` of `pipeTools` may make a copy; it is removed at the end. */
  readonly near?: string
}

/** How a pipe ended that ended well. */
export interface HostPipeEnd {
  /** Of what was sent, packed. */
  readonly sha256: string
  readonly facts: Report['facts']
  /** What the programs said although all went well: warnings. */
  readonly said: string
}

export interface HostPipe extends Required<Pick<Dump, 'stream' | 'compression' | 'packed'>> {
  /** Settles once the stream was read to its end; rejects where any program failed, was killed or the link went. */
  readonly ended: Promise<HostPipeEnd>
}

/**
 * Starts the program and resolves when the host has told in which compression it sends. The stream ends only where all went well and fails
 * otherwise, as `ended` does; destroying it ends the program on the host.
 */
export async function openHostPipe(context: PipeContext, options: HostPipeOptions): Promise<HostPipe> {
  const { link, clock, signal } = context
  const nonce = randomBytes(12).toString('hex')
  const secrets = secretLines(options.secrets ?? {})
  const argv = pullArgv({
    nonce,
    compression: options.compression,
    secrets: secrets.count,
    patienceSeconds,
    near: options.near ?? null,
    argv: options.argv,
  })
  const process = await link.spawn(argv, { sudo: options.sudo ?? false, signal, bulk: true })
  process.stdin.on('error', () => {})
  if (secrets.count > 0) process.stdin.write(secrets.text)
  process.stdin.write('beat\n')
  const beats = clock.every(beatMs, () => process.stdin.write('beat\n'))
  const report = new PipeReport(nonce)
  const quiet = whenEnded(process.stderr)
  const started = new Promise<void>(resolve => {
    process.stderr.on('data', (chunk: Uint8Array) => {
      report.take(chunk)
      if (report.report.start !== null) resolve()
    })
  })
  const closed = process.ended.then(async how => {
    beats.dispose()
    await quiet
    return how
  })
  await Promise.race([started, closed])
  const outcome = closed.then(how => judge(options, report, how, signal))
  outcome.catch(() => {})
  const { start } = report.report
  if (start === null) {
    await outcome
    throw failureOf(`${options.what} did not begin`, report.said())
  }
  const stream = new Transform({
    // a queue of chunks as they came: what is joined to be read was copied for nothing
    readableObjectMode: true,
    readableHighWaterMark: 16,
    transform: (chunk, _encoding, done) => done(null, chunk),
    flush(done) {
      outcome.then(
        () => done(),
        error => done(error),
      )
    },
    destroy(error, done) {
      process.dispose()
      beats.dispose()
      done(error)
    },
  })
  const source = process.stdout
  source.on('error', error => {
    // why the link went is known to the outcome; were it not to come, this is why
    outcome.then(
      () => stream.destroy(AppError.from(error)),
      reason => stream.destroy(reason),
    )
  })
  source.on('close', () => {
    if ((source as { readableEnded?: boolean }).readableEnded) return
    outcome.then(
      () => stream.destroy(new AppError('LINK_LOST', 'The connection was lost in the middle')),
      reason => stream.destroy(reason),
    )
  })
  source.pipe(stream)
  const ended = new Promise<HostPipeEnd>((resolve, reject) => {
    stream.once('end', () => outcome.then(resolve, reject))
    stream.once('error', error => reject(AppError.from(error)))
    stream.once('close', () => {
      if (!stream.readableEnded) reject(new AppError('CANCELLED', 'Cancelled'))
    })
  })
  ended.catch(() => {})
  return { stream, compression: compressionOf(start), packed: () => report.report.at, ended }
}

/** What a dump has of its pipe as it is. */
export const streamOf = ({
  stream,
  compression,
  packed,
}: HostPipe): Pick<HostPipe, 'stream' | 'compression' | 'packed'> => ({
  stream,
  compression,
  packed,
})

/** The end of the dump out of the end of its pipe. Who only reads the stream learns of a failure there, and need not look here. */
export function endOf(pipe: HostPipe, tell: (end: HostPipeEnd) => DumpEnd): Promise<DumpEnd> {
  const ended = pipe.ended.then(tell)
  ended.catch(() => {})
  return ended
}

function judge(
  options: HostPipeOptions,
  report: PipeReport,
  how: Awaited<RemoteProcess['ended']>,
  signal: AbortSignal,
): HostPipeEnd {
  const { exits, sha256, facts, fail, ended } = report.report
  if (signal.aborted) throw new AppError('CANCELLED', 'Cancelled')
  if (fail !== null) throw fail.code === 'COMMAND_FAILED' ? failureOf(fail.message, report.said()) : fail
  if (how.lost) throw new AppError('LINK_LOST', 'The connection was lost in the middle')
  const accepted = [0, ...(options.accept ?? [])]
  const dump = exits.get('dump')
  if (dump !== undefined && !accepted.includes(dump))
    throw failureOf(`${options.what} ${exitWords(dump)}`, report.said())
  for (const part of ['compress', 'tee', 'hash'] as const) {
    const exit = exits.get(part)
    if (exit !== undefined && exit !== 0)
      throw failureOf(`${options.what} was cut off: ${partWords[part]} ${exitWords(exit)}`, report.said())
  }
  if (how.exit !== 0 || !ended || exits.size !== 4 || sha256 === null)
    throw failureOf(`${options.what} was ended on the host before it was done`, report.said())
  return { sha256, facts, said: report.said() }
}

const partWords = { tee: 'the pipe', compress: 'the compression', hash: 'the hash' } as const

const exitWords = (exit: number): string => (exit > 128 ? `was killed (signal ${exit - 128})` : `failed (exit ${exit})`)

export const compressionOf = (start: string): Compression => (start === 'zstd' || start === 'gzip' ? start : 'none')

/** Names are plain words; content is lines, and gets a newline at its end where it has none. */
export function secretLines(secrets: Readonly<Record<string, string>>): { count: number; text: string } {
  const names = Object.keys(secrets)
  let text = ''
  for (const name of names) {
    if (!/^[a-z0-9.-]{1,40}$/.test(name)) throw new AppError('INVALID_INPUT', 'Not a name for a private file')
    const lines = (secrets[name] ?? '').replace(/\n$/, '').split('\n')
    text += `${name} ${lines.length}\n${lines.join('\n')}\n`
  }
  return { count: names.length, text }
}

/** Resolves when the stream has nothing more to say, whichever way. */
export function whenEnded(stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise(resolve => {
    for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve())
  })
}
