// Speaks to a PostgreSQL cluster by the programs on its host: queries, a session that holds a snapshot, a restore; knows no source and keeps nothing.
import type { Readable } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'
import { pgFailure } from '../../lib/postgres/pg-failure.ts'
import { type HostProgram, jsonLine, jsonLines, pgProgram, psqlArgv } from '../../lib/postgres/pg-program.ts'
import { type PgPlace, programBody, restoreBody } from '../../lib/postgres/pg-script.ts'
import { databaseArgument } from '../../lib/postgres/pg-text.ts'
import { isLocal } from '../../lib/server-place.ts'
import type { RemoteProcess } from '../../ports.ts'
import type { SourceContext } from '../source.ts'

export interface RestoreRequest {
  /** Made, filled, and dropped again where anything fails. */
  readonly database: string
  /** A database to be connected to meanwhile. */
  readonly main: string
  readonly make: string
  readonly drop: string
  /** Runs in the new database once it is filled; its lines are the answer. */
  readonly finish: string
  readonly after: 'keep' | 'drop'
  readonly rights: 'all' | 'plain'
}

const restoreSteps: Readonly<Record<number, string>> = {
  41: 'made',
  42: 'restored',
  43: 'finished',
  44: 'dropped afterwards',
}

export class PgClient {
  readonly #context: SourceContext
  readonly #place: PgPlace

  constructor(context: SourceContext, place: PgPlace) {
    this.#context = context
    this.#place = place
  }

  /** Does the server run on the host itself? */
  get local(): boolean {
    return isLocal(this.#place.address)
  }

  #prepare(body: string, args: readonly string[]): Promise<HostProgram> {
    return pgProgram(this.#context, this.#place, body, args)
  }

  /** A program with its arguments, such as pg_dump. */
  program(argv: readonly string[]): Promise<HostProgram> {
    return this.#prepare(programBody, argv)
  }

  /** Runs SQL; each line that it prints is a JSON value. */
  async sql(database: string, text: string, timeout = 60_000): Promise<unknown[]> {
    const { argv, sudo, stdin } = await this.program(psqlArgv(database))
    const { link, signal } = this.#context
    const input = Buffer.concat([stdin, Buffer.from(text), Buffer.from('\n')])
    const result = await link.exec(argv, { sudo, stdin: input, timeout, signal })
    const said = Buffer.from(result.stderr).toString('utf8')
    if (result.lost) throw new AppError('LINK_LOST', 'The connection was lost while Postgres was asked')
    if (result.timedOut) throw new AppError('TIMEOUT', 'Postgres did not answer in time')
    if (result.truncated) throw new AppError('OUTPUT_LIMIT', 'Postgres answered more than is kept')
    if (result.exit !== 0) throw pgFailure(said, result.exit)
    return jsonLines(Buffer.from(result.stdout).toString('utf8'))
  }

  /** A psql that stays, for what has to happen in one session. */
  async session(database: string): Promise<PgSession> {
    const { argv, sudo, stdin } = await this.program(psqlArgv(database))
    const process = await this.#context.link.spawn(argv, { sudo, signal: this.#context.signal })
    process.stdin.write(stdin)
    return new PgSession(process)
  }

  /** A program's output in words, such as `pg_dump (PostgreSQL) 15.4`; null where it cannot be had. */
  async version(program: string): Promise<string | null> {
    const { argv, sudo, stdin } = await this.program([program, '--version'])
    const result = await this.#context.link.exec(argv, { sudo, stdin, signal: this.#context.signal })
    return result.exit === 0 ? Buffer.from(result.stdout).toString('utf8').trim().slice(0, 200) : null
  }

  /** Free bytes of the disk that holds a folder of the account; null where that cannot be had. */
  async freeBytes(folder: string): Promise<number | null> {
    const { argv, sudo, stdin } = await this.program(['df', '-Pk', '--', folder])
    const result = await this.#context.link.exec(argv, { sudo, stdin, signal: this.#context.signal })
    const blocks = Buffer.from(result.stdout).toString('utf8').trim().split('\n').at(-1)?.split(/\s+/)[3]
    return result.exit === 0 && blocks !== undefined && /^\d+$/.test(blocks) ? Number(blocks) * 1024 : null
  }

  /** Makes a database of an archive. Whatever fails, the database is gone again; that failure is thrown. */
  async restore(archive: Readable, request: RestoreRequest): Promise<unknown[]> {
    const { main, database, make, drop, finish, after, rights } = request
    const args = [databaseArgument(main), databaseArgument(database), make, drop, finish, after, rights]
    const { argv, sudo, stdin } = await this.#prepare(restoreBody, args)
    const process = await this.#context.link.spawn(argv, { sudo, signal: this.#context.signal })
    const [out, said] = [collect(process.stdout, 8 * 1024 * 1024), collect(process.stderr, 64 * 1024)]
    let fed: Error | null = null
    try {
      process.stdin.write(stdin)
      await pour(archive, process)
    } catch (caught) {
      fed = caught instanceof Error ? caught : new Error(String(caught))
    } finally {
      archive.destroy()
      process.stdin.end()
    }
    const { exit, lost } = await process.ended
    if (fed !== null) {
      // the archive itself is at fault, whatever pg_restore made of it
      if (exit === 0 && after === 'keep') await this.sql(main, drop)
      throw fed
    }
    if (lost) throw new AppError('LINK_LOST', 'The connection was lost while the database was restored')
    if (exit === 0) return jsonLines((await out).toString('utf8'))
    const step = restoreSteps[exit ?? 0]
    const failure = pgFailure((await said).toString('utf8'), exit)
    if (step === undefined) throw failure
    throw new AppError(
      exit === 42 && failure.code === 'COMMAND_FAILED' ? 'BACKUP_BAD' : failure.code,
      `It could not be ${step}: ${failure.message}`,
      {
        ...(failure.hint === undefined ? {} : { hint: failure.hint }),
        cause: failure,
      },
    )
  }

  /** The list that pg_restore reads from an archive; stops reading as soon as it has it. */
  async list(archive: Readable): Promise<string> {
    const { argv, sudo, stdin } = await this.program(['pg_restore', '-l'])
    const process = await this.#context.link.spawn(argv, { sudo, signal: this.#context.signal })
    const [out, said] = [collect(process.stdout, 8 * 1024 * 1024), collect(process.stderr, 64 * 1024)]
    try {
      process.stdin.write(stdin)
      await pour(archive, process)
    } finally {
      archive.destroy()
      process.stdin.end()
    }
    const { exit, lost } = await process.ended
    if (lost) throw new AppError('LINK_LOST', 'The connection was lost while pg_restore read the dump')
    if (exit !== 0) throw pgFailure((await said).toString('utf8'), exit)
    return (await out).toString('utf8')
  }
}

/** A psql with its stdin held open: what is asked is answered line by line. */
export class PgSession {
  readonly #process: RemoteProcess
  readonly #said: Promise<Buffer>
  readonly #lines: AsyncIterator<unknown>

  constructor(process: RemoteProcess) {
    this.#process = process
    // how it ended is told by `next`
    process.stdin.on('error', () => {})
    this.#said = collect(process.stderr, 64 * 1024)
    this.#lines = linesOf(process.stdout)
  }

  /** Sends SQL; nothing is waited for. */
  send(text: string): void {
    this.#process.stdin.write(`${text}\n`)
  }

  /** The next line; rejects where psql ended before it. */
  async next(): Promise<unknown> {
    const { value, done } = await this.#lines.next()
    if (done !== true) return value
    const { exit, lost } = await this.#process.ended
    if (lost) throw new AppError('LINK_LOST', 'The connection was lost while Postgres was asked')
    throw pgFailure((await this.#said).toString('utf8'), exit)
  }

  /** Ends psql, and with it the transaction. */
  close(): void {
    this.#process.stdin.end()
    this.#process.dispose()
  }
}

async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<unknown> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    rest += decoder.decode(typeof chunk === 'string' ? Buffer.from(chunk) : chunk, { stream: true })
    const parts = rest.split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) if (line !== '') yield jsonLine(line)
  }
}

/** All of a stream, its first `most` bytes kept. Never rejects. */
async function collect(stream: NodeJS.ReadableStream, most: number): Promise<Buffer> {
  const kept: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of stream) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer)
      if (size < most) kept.push(bytes.subarray(0, most - size))
      size += bytes.length
    }
  } catch {
    // how the process ended says why
  }
  return Buffer.concat(kept)
}

/** Writes a stream to a process as fast as that takes it; ends early where the process does. Rejects where the stream fails. */
async function pour(from: Readable, process: RemoteProcess): Promise<void> {
  let over = false
  const { stdin } = process
  stdin.on('error', () => {
    over = true
  })
  const ended = process.ended.then(() => {
    over = true
  })
  for await (const chunk of from) {
    if (over) return
    if (!stdin.write(chunk as Buffer)) {
      let onDrain = (): void => {}
      const drained = new Promise<void>(resolve => {
        onDrain = resolve
        stdin.once('drain', onDrain)
      })
      await Promise.race([drained, ended])
      stdin.removeListener('drain', onDrain)
    }
  }
}
