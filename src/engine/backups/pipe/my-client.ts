// Speaks to a MariaDB or MySQL server by the programs on its host: queries, a restore; knows no source and keeps nothing.
import type { Readable } from 'node:stream'
import { AppError, type ErrorCode } from '../../../shared/errors.ts'
import { isLocal, isSocket } from '../../lib/server-place.ts'
import type { SourceContext } from '../source.ts'
import { freeOn } from './host-place.ts'
import { feedHost } from './host-sink.ts'
import { fillBody, type MyPlace, myArgv, queryBody } from './my-script.ts'

export const myLiteral = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
export const myName = (name: string): string => `\`${name.replaceAll('`', '``')}\``

export interface FillRequest {
  readonly database: string
  readonly make: string
  readonly drop: string
  /** Runs once it is made: the sign that it is half-done. Where that fails, it is dropped. */
  readonly mark: string
  readonly finish: string
  readonly after: 'keep' | 'drop'
}

const meanings: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [
    /ERROR 1045|ERROR 1698|Access denied/,
    'ACCESS_DENIED',
    'Enter the user and its password again; root over the socket needs the account root.',
  ],
  [
    /ERROR 1044|ERROR 1142|ERROR 1227|1370/,
    'ACCESS_DENIED',
    'Use a user that may read all of it, and for a restore make databases.',
  ],
  [/ERROR 1049|Unknown database/, 'NOT_FOUND', 'Choose a database that is there.'],
  [/ERROR 1007/, 'CONFLICT', 'Choose another name.'],
  [/ERROR 1021|ERROR 28\b|No space left|errno: 28/, 'DISK_FULL', 'Free space where the server keeps its data.'],
  [
    /ERROR 200[236]|ERROR 2013|Can't connect|Lost connection/,
    'UNREACHABLE',
    'Is the server running, and at this address?',
  ],
]

/** The failure in the program's own words, with what a person can do about it. */
function myFailure(said: string, exit: number | null): AppError {
  const lines = said.split('\n').filter(line => line.trim() !== '')
  const text = (lines.find(line => /error/i.test(line)) ?? lines.at(-1) ?? `it ended with ${exit ?? 'no word'}`).slice(
    0,
    600,
  )
  if (exit === 127 || /not found/.test(text))
    return new AppError('UNSUPPORTED', `The programs of MariaDB or MySQL are not on the host: ${text}`, {
      hint: 'Install mariadb-client or mysql-client on the host.',
    })
  const [, code, hint] = meanings.find(([pattern]) => pattern.test(said)) ?? []
  return new AppError(code ?? 'COMMAND_FAILED', text, hint === undefined ? {} : { hint })
}

export class MyClient {
  readonly #context: SourceContext
  readonly #place: MyPlace

  constructor(context: SourceContext, place: MyPlace) {
    this.#context = context
    this.#place = isSocket(place.address) ? place : { ...place, account: '' }
  }

  /** Does the server run on the host itself? */
  get local(): boolean {
    return isLocal(this.#place.address)
  }

  /** Free bytes of the disk that holds a folder of the server; null where that cannot be had. */
  async freeBytes(folder: string): Promise<number | null> {
    const { host, sudo } = this.#context
    return await freeOn(this.#context, folder.replace(/(.)\/+$/, '$1'), sudo && host.user !== 'root')
  }

  /** A script of `my-script.ts` as links and pipes need it. */
  async prepare(
    body: string,
    args: readonly string[],
  ): Promise<{ argv: string[]; sudo: boolean; secrets: Readonly<Record<string, string>> }> {
    const { account } = this.#place
    const { host, sudo } = this.#context
    const becomes = account !== '' && account !== host.user
    if (becomes && !sudo && host.user !== 'root')
      throw new AppError('SUDO_MISSING', `The server is asked as ${account}, and this host is set up without sudo`, {
        hint: 'Choose sudo in the settings of the host, or an address, a user and a password for this source.',
      })
    const password = await this.#context.secret('password')
    const line = password === null || password === '' ? null : `password="${password.replace(/[\\"]/g, '\\$&')}"`
    return {
      argv: myArgv(this.#place, line !== null, body, args),
      sudo: becomes,
      secrets: line === null ? {} : { secret: line },
    }
  }

  /** Runs SQL; each line that it prints is a JSON value. */
  async sql(text: string, database: string | null = null, timeout = 60_000): Promise<unknown[]> {
    const { argv, sudo, secrets } = await this.prepare(queryBody, database === null ? [] : [database])
    const input = `${secrets.secret === undefined ? '' : `${secrets.secret}\n`}${text}\n`
    const { link, signal } = this.#context
    const result = await link.exec(argv, { sudo, stdin: Buffer.from(input), timeout, signal })
    if (result.lost) throw new AppError('LINK_LOST', 'The connection was lost while the database was asked')
    if (result.timedOut) throw new AppError('TIMEOUT', 'The database did not answer in time')
    if (result.exit !== 0) throw myFailure(Buffer.from(result.stderr).toString('utf8'), result.exit)
    const out = Buffer.from(result.stdout).toString('utf8').split('\n')
    return out.filter(line => line !== '').map(line => JSON.parse(line) as unknown)
  }

  /** Makes a database of a dump. Whatever fails, the database is gone again; that failure is thrown. */
  async fill(dump: Readable, request: FillRequest): Promise<void> {
    const { database, make, drop, mark, finish, after } = request
    const { argv, sudo, secrets } = await this.prepare(fillBody, [database, make, drop, mark, finish, after])
    try {
      await feedHost(this.#context, { argv, sudo, secrets, what: 'The restore', input: dump })
    } catch (caught) {
      const error = AppError.from(caught)
      const step = { 41: 'made', 42: 'restored', 43: 'finished', 44: 'dropped afterwards', 45: 'marked as half-done' }[
        /\(exit (\d+)\)/.exec(error.message)?.[1] ?? ''
      ]
      // what arrived was not what was sent, or the dump itself is at fault: the program may have taken it for whole
      if (step !== 'made' && error.code !== 'CANCELLED') await this.sql(drop).catch(() => {})
      if (step === undefined) throw error
      const failure = myFailure(error.message.replace(/^.*\(exit \d+\)(: )?/, ''), null)
      const code = step === 'restored' && failure.code === 'COMMAND_FAILED' ? 'BACKUP_BAD' : failure.code
      throw new AppError(code, `It could not be ${step}: ${failure.message}`, { cause: error })
    }
  }
}
