// Leaves recovery on the host: writes, verifies and takes back the reviewed drop-in of a unit; knows nothing of what is in it.
import { AppError } from '../../shared/errors.ts'
import type { DropInReview, DropInSettings } from '../../shared/model/recovery.ts'
import type { UnitRef } from '../../shared/model/unit.ts'
import { dropInPlace, dropInProblem, dropInWarnings, renderDropIn } from '../domain/drop-in.ts'
import { readRestartSettings, restartProperties } from '../domain/restart-settings.ts'
import { unifiedDiff } from '../domain/unified-diff.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { ExecResult } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { HostSession } from './host-session.ts'
import { readRestart } from './recovery-facts.ts'
import { unitCommand } from './unit-command.ts'

/** No drop-in that a person wrote is longer. */
const mostBytes = 65_536
const timeoutMs = 30_000

export interface DropInsOptions {
  store: Pick<Store, 'dropIns'>
  /** Throws NOT_FOUND, NOT_CONNECTED. */
  session: (hostId: string) => HostSession
  clock: Clock
  log: Logger
}

interface Place {
  readonly folder: string
  readonly path: string
}

export class DropIns {
  readonly #options: DropInsOptions
  readonly #log: Logger
  /** Units that one is being written for. */
  readonly #busy = new Set<string>()

  constructor(options: DropInsOptions) {
    this.#options = options
    this.#log = options.log.child('drop-in')
  }

  /** What writing it (or, with null, removing it) would do. Changes nothing. */
  async review(ref: UnitRef, settings: DropInSettings | null): Promise<DropInReview> {
    const session = this.#session(ref)
    const place = await this.#place(session, ref)
    const before = await this.#read(session, place.path)
    const systemdVersion = session.facts?.systemdVersion ?? null
    const after = settings && renderDropIn(settings, systemdVersion)
    const present = await readRestart(session, ref)
    const sudo = this.#needsSudo(session, ref) ? 'sudo ' : ''
    const reload = `${ref.scope === 'user' ? 'systemctl --user' : `${sudo}systemctl`} daemon-reload`
    return {
      path: place.path,
      before,
      after,
      diff: unifiedDiff(before, after, place.path),
      warnings: dropInWarnings(settings, { path: place.path, before, systemdVersion, present }),
      commands:
        after === null ? [`${sudo}rm '${place.path}'`, reload] : [`${sudo}install -D -m 644 … '${place.path}'`, reload],
    }
  }

  /**
   * Writes it as reviewed and proves that systemd took it; else all is put back. Throws CONFLICT where `before` is not what lies there.
   * Returns what lay there before.
   */
  apply(ref: UnitRef, settings: DropInSettings | null, before: string | null): Promise<string | null> {
    return this.#alone(ref, async () => {
      const { store, clock } = this.#options
      const session = this.#session(ref)
      const place = await this.#place(session, ref)
      const after = settings && renderDropIn(settings, session.facts?.systemdVersion ?? null)
      await this.#expect(session, place, before)
      if (before === after) return before
      // what is needed for taking it back is kept before anything is changed
      const id = store.dropIns.insert({ ...refOf(ref), path: place.path, at: clock.now(), before, after })
      try {
        await this.#change(session, ref, place, before, after)
        await this.#prove(session, ref, place, settings)
      } catch (caught) {
        const error = AppError.from(caught)
        await this.#putBack(session, ref, place, before, after, error)
        store.dropIns.remove(id)
        throw error
      }
      this.#log.info('drop-in', { host: ref.hostId, unit: ref.name, path: place.path, removed: after === null })
      return before
    })
  }

  /** Puts back what lay there before the last change. Throws NOT_FOUND; CONFLICT where somebody else changed it since. */
  undo(ref: UnitRef): Promise<void> {
    return this.#alone(ref, async () => {
      const { store } = this.#options
      const change = store.dropIns.last(ref)
      if (!change) throw new AppError('NOT_FOUND', 'Nothing was changed for this service')
      const session = this.#session(ref)
      const place = await this.#place(session, ref)
      if (place.path !== change.path) throw new AppError('CONFLICT', `It was written to ${change.path}`)
      await this.#expect(session, place, change.after)
      await this.#change(session, ref, place, change.after, change.before)
      store.dropIns.remove(change.id)
    })
  }

  #session(ref: UnitRef): HostSession {
    const session = this.#options.session(ref.hostId)
    if (session.link.status.state === 'ready') return session
    throw new AppError('NOT_CONNECTED', `${session.host.name} is not connected`, {
      hint: 'Wait until it is, or reconnect it.',
    })
  }

  async #place(session: HostSession, ref: UnitRef): Promise<Place> {
    let userConfig = ''
    if (ref.scope === 'user') {
      const home = await this.#run(session, ['sh', '-c', 'printf %s "$HOME"'], false)
      userConfig = `${textOf(home)}/.config`
      if (!/^\/[^\0\n]*$/.test(userConfig))
        throw new AppError('UNSUPPORTED', 'The user has no home folder on this host')
    }
    const place = dropInPlace(ref, userConfig)
    if (!place) throw new AppError('INVALID_INPUT', 'Only a service can be restarted by systemd')
    return place
  }

  /** Null where there is none. */
  async #read(session: HostSession, path: string): Promise<string | null> {
    // a link could lead anywhere, also out of what a person reviewed
    const script = '[ -e "$1" ] || [ -L "$1" ] || exit 3; [ -f "$1" ] && [ ! -L "$1" ] || exit 4; exec cat -- "$1"'
    const result = await session.link.exec(['sh', '-c', script, 'sh', path], {
      timeout: timeoutMs,
      maxBytes: mostBytes + 1,
    })
    if (result.exit === 3) return null
    if (result.exit === 4)
      throw new AppError('CONFLICT', `${path} is not a plain file`, { hint: 'Look at it on the host.' })
    refuse(result, `read ${path}`)
    if (result.truncated || result.stdout.length > mostBytes)
      throw new AppError('OUTPUT_LIMIT', `${path} is too long to be a drop-in`)
    return textOf(result)
  }

  async #expect(session: HostSession, { path }: Place, wanted: string | null): Promise<void> {
    if ((await this.#read(session, path)) === wanted) return
    throw new AppError('CONFLICT', `${path} is not as it was reviewed: somebody changed it meanwhile`, {
      hint: 'Review it again.',
    })
  }

  /** In one step, as seen from systemd: a new file takes the place of the old one. */
  async #change(
    session: HostSession,
    ref: UnitRef,
    place: Place,
    before: string | null,
    after: string | null,
  ): Promise<void> {
    const sudo = this.#needsSudo(session, ref)
    const { folder, path } = place
    // systemd reads only what ends with .conf
    const fresh = `${path}.new`
    if (after === null) {
      if (before !== null) await this.#run(session, ['rm', '-f', '--', path], sudo)
    } else {
      await this.#run(session, ['mkdir', '-p', '-m', '755', '--', folder], sudo)
      await this.#run(session, ['rm', '-f', '--', fresh], sudo)
      const write = ['dd', `of=${fresh}`, 'conv=excl,fsync', 'oflag=nofollow', 'status=none']
      await this.#run(session, write, sudo, Buffer.from(after))
      await this.#run(session, ['chmod', '644', '--', fresh], sudo)
      await this.#expect(session, place, before)
      await this.#run(session, ['mv', '-fT', '--', fresh, path], sudo)
    }
    const uid = session.facts?.uid ?? null
    await this.#run(session, unitCommand(ref, uid, ['daemon-reload']), sudo)
    await this.#expect(session, place, after)
  }

  async #prove(session: HostSession, ref: UnitRef, { path }: Place, settings: DropInSettings | null): Promise<void> {
    const names = ['LoadState', ...restartProperties].flatMap(name => ['-p', name])
    const argv = unitCommand(ref, session.facts?.uid ?? null, ['show', ...names, '--', ref.name])
    const text = textOf(await this.#run(session, argv, false))
    const loadState = /^LoadState=(.*)$/m.exec(text)?.[1] ?? null
    const problem = dropInProblem(settings, path, { loadState, restart: readRestartSettings(text) })
    if (problem !== null)
      throw new AppError('COMMAND_FAILED', `It was put back as it was: ${problem}`, {
        hint: 'Look at systemctl cat on the host.',
      })
  }

  /** After a failure: where it was changed already, the old one comes back. */
  async #putBack(
    session: HostSession,
    ref: UnitRef,
    place: Place,
    before: string | null,
    after: string | null,
    error: AppError,
  ): Promise<void> {
    if (error.code === 'CONFLICT') return
    try {
      await this.#run(session, ['rm', '-f', '--', `${place.path}.new`], this.#needsSudo(session, ref))
      if ((await this.#read(session, place.path)) === after) await this.#change(session, ref, place, after, before)
    } catch (caught) {
      // the link went, or sudo no longer works: the record stays for undoing it
      this.#log.warn('a drop-in could not be put back', { unit: ref.name, error: String(caught) })
      throw new AppError(error.code, `${error.message}. ${place.path} could not be put back`, {
        hint: 'Undo it when the host is there again.',
      })
    }
  }

  async #run(session: HostSession, argv: readonly string[], sudo: boolean, stdin?: Uint8Array): Promise<ExecResult> {
    const options = { sudo, timeout: timeoutMs, maxBytes: mostBytes, ...(stdin ? { stdin } : {}) }
    const result = await session.link.exec(argv, options)
    refuse(result, argv.slice(0, 2).join(' '))
    return result
  }

  #needsSudo(session: HostSession, ref: UnitRef): boolean {
    return ref.scope === 'system' && session.facts?.uid !== 0
  }

  async #alone<T>(ref: UnitRef, work: () => Promise<T>): Promise<T> {
    const key = `${ref.hostId}/${ref.scope}/${ref.name}`
    if (this.#busy.has(key)) throw new AppError('CONFLICT', 'It is just being written')
    this.#busy.add(key)
    try {
      return await work()
    } finally {
      this.#busy.delete(key)
    }
  }
}

function refuse(result: ExecResult, what: string): void {
  if (result.exit === 0) return
  if (result.lost)
    throw new AppError('LINK_LOST', 'The connection was lost in the middle', { hint: 'Review it again.' })
  if (result.timedOut) throw new AppError('TIMEOUT', `${what} took too long on the host`)
  const said = new TextDecoder().decode(result.stderr).trim().slice(0, 300)
  throw new AppError('COMMAND_FAILED', `${what} failed on the host${said === '' ? '' : `: ${said}`}`)
}

function textOf(result: ExecResult): string {
  return new TextDecoder().decode(result.stdout)
}

function refOf({ hostId, scope, name }: UnitRef): UnitRef {
  return { hostId, scope, name }
}
