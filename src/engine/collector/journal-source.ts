// Asks a host's journalctl and gives entries in the order it sends them; knows neither pages nor following.
import { AppError } from '../../shared/errors.ts'
import type { Host } from '../../shared/model/host.ts'
import type { JournalEntry } from '../../shared/model/journal.ts'
import type { UnitScope } from '../../shared/model/unit.ts'
import type { Logger } from '../lib/log.ts'
import { journalTime } from '../parse/journal-command.ts'
import { entryFields, fieldsOfOneUnit, parseCursor, toEntry } from '../parse/journal-entry.ts'
import type { Link } from '../ports.ts'
import { type JournalAbilities, needsSudo, noRights, probeJournal } from './journal-probe.ts'
import { type Compressor, type ExportEnd, runExport } from './journal-process.ts'

export interface Question {
  readonly scope: UnitScope
  readonly args: readonly string[]
  /** The unit that all entries are about, where the arguments choose just one. */
  readonly unit: string | null
  readonly compressor: Compressor
  readonly signal: AbortSignal | undefined
}

/** One host's journalctl; usable over all of its link's generations. */
export class JournalSource {
  readonly host: Host
  readonly #link: Link
  readonly #log: Logger
  #abilities: { generation: number; promise: Promise<JournalAbilities> } | null = null

  constructor(link: Link, host: Host, log: Logger) {
    this.#link = link
    this.host = host
    this.#log = log
  }

  /** What the host can do, asked once per connection. */
  async abilities(): Promise<JournalAbilities> {
    const { generation } = this.#link.status
    let known = this.#abilities
    if (known === null || known.generation !== generation) {
      known = { generation, promise: probeJournal(this.#link) }
      this.#abilities = known
      known.promise.catch(() => {
        if (this.#abilities === known) this.#abilities = null
      })
    }
    return await known.promise
  }

  /** Batches as they come. A cursor that the host does not understand is replaced by the time it names. */
  async *entries(question: Question): AsyncGenerator<JournalEntry[]> {
    const end = yield* this.#batches(question)
    const cursor = question.args.find(arg => arg.startsWith('--cursor='))
    if (end.exit === 0 || cursor === undefined || !/cursor/i.test(end.stderr)) {
      this.#check(end, question.scope)
      return
    }
    const time = parseCursor(cursor.slice('--cursor='.length))?.time
    if (time === undefined) throw new AppError('INVALID_INPUT', 'Not a cursor of this journal')
    this.#log.warn('the journal knows the cursor no more, going on by time', { host: this.host.id })
    const bound = question.args.includes('--reverse') ? '--until=' : '--since='
    const args = question.args.filter(arg => arg !== cursor && !arg.startsWith(bound))
    this.#check(
      yield* this.#batches({ ...question, args: [...args, bound + journalTime(time / 1000)] }),
      question.scope,
    )
  }

  /** Calls back with the given fields of each entry that the arguments choose. */
  async records(
    question: Question,
    fields: readonly string[],
    onRecord: (values: readonly (string | undefined)[]) => void,
  ): Promise<void> {
    const steps = runExport(this.#link, await this.#run(question, fields), onRecord)
    for (;;) {
      const step = await steps.next()
      if (!step.done) continue
      this.#check(step.value, question.scope)
      return
    }
  }

  /** The list of boots as text, in UTC. */
  async boots(signal?: AbortSignal): Promise<string> {
    const sudo = needsSudo(await this.abilities(), this.host, 'system')
    const argv = ['env', 'LC_ALL=C', 'TZ=UTC', 'journalctl', '--no-pager', '--quiet', '--list-boots']
    const result = await this.#link.exec(argv, { sudo, timeout: 60_000, ...(signal ? { signal } : {}) })
    if (result.lost) throw new AppError('LINK_LOST', 'The connection was lost')
    if (result.timedOut) throw new AppError('TIMEOUT', 'journalctl did not answer')
    return Buffer.from(result.stdout).toString('utf8')
  }

  async *#batches(question: Question): AsyncGenerator<JournalEntry[], ExportEnd> {
    let batch: JournalEntry[] = []
    const hostId = this.host.id
    const { unit } = question
    const fields = unit === null ? entryFields : fieldsOfOneUnit
    const steps = runExport(this.#link, await this.#run(question, fields), (values, truncated) => {
      const entry = toEntry(hostId, values, truncated, unit)
      if (entry) batch.push(entry)
    })
    try {
      for (;;) {
        const step = await steps.next()
        if (batch.length > 0) {
          const full = batch
          batch = []
          yield full
        }
        if (step.done) return step.value
      }
    } finally {
      await steps.return({ exit: null, stderr: '' })
    }
  }

  async #run({ scope, args, compressor, signal }: Question, fields: readonly string[]) {
    const names = fields.filter(name => !name.startsWith('__')).join(',')
    return {
      argv: ['env', 'LC_ALL=C', 'journalctl', '--no-pager', '--output=export', `--output-fields=${names}`, ...args],
      fields,
      sudo: needsSudo(await this.abilities(), this.host, scope),
      compressor,
      signal,
    }
  }

  #check({ exit, stderr }: ExportEnd, scope: UnitScope): void {
    // journalctl -g answers 1 where nothing matches
    if (exit === 0 || (exit === 1 && stderr.trim() === '')) return
    if (/insufficient permissions|permission denied/i.test(stderr)) {
      if (scope === 'system') throw noRights(['systemd-journal'], this.host.user)
      throw new AppError('JOURNAL_RIGHTS', `${this.host.user} has no journal of its own on this host`, {
        hint: 'Journals are not kept on disk there (Storage=persistent), or the user has not logged anything yet.',
      })
    }
    if (/No journal files were (found|opened)/i.test(stderr)) return
    if (/specified boot|boot ID/i.test(stderr)) throw new AppError('NOT_FOUND', 'The journal does not hold that boot')
    if (exit === 127) throw new AppError('NOT_SYSTEMD', 'This host has no journal')
    throw new AppError('COMMAND_FAILED', 'journalctl failed', { detail: { exit, stderr: stderr.slice(0, 500) } })
  }
}
