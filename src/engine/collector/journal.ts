// Reads a host's journal through its link (R10): pages, backlog and follow by cursor; knows nothing of who merges or shows it.
import { AppError } from '../../shared/errors.ts'
import type { Host } from '../../shared/model/host.ts'
import type {
  JournalBoot,
  JournalEntry,
  JournalFilter,
  JournalPage,
  JournalPageQuery,
} from '../../shared/model/journal.ts'
import type { UnitScope, UnitTransition } from '../../shared/model/unit.ts'
import type { Logger } from '../lib/log.ts'
import { parseBoots } from '../parse/journal-boots.ts'
import { journalCommand, journalTime, matchArgs } from '../parse/journal-command.ts'
import { askedFields, entryFields, notAfter, parseCursor, toEntry } from '../parse/journal-entry.ts'
import {
  type LifeEvent,
  lifeFields,
  lifeMessages,
  toLifeEvent,
  unitTransitionsFromJournal,
} from '../parse/journal-transitions.ts'
import type { JournalReader, Link } from '../ports.ts'
import { compileMatch } from './journal-match.ts'
import { type JournalAbilities, needsSudo, noRights, probeJournal } from './journal-probe.ts'
import { type Compressor, type ExportEnd, runExport } from './journal-process.ts'

/** Smaller questions are answered sooner without a compressor. */
const compressFrom = 100
/** Text of one page: a page of 10,000 entries of 64 KiB would be too much to hold. */
const pageBytes = 16 * 1024 * 1024
const lifeEventLimit = 20_000
const readBacklog = 200

type Args = readonly string[]

interface Question {
  readonly filter: JournalFilter
  readonly args: Args
  readonly sudo: boolean
  readonly compressor: Compressor
  readonly signal: AbortSignal | undefined
}

/** The journal of one host; usable over all of its link's generations. */
export function createJournalReader(link: Link, host: Host, options: { log: Logger }): JournalReader {
  return new HostJournal(link, host, options.log)
}

class HostJournal implements JournalReader {
  readonly #link: Link
  readonly #host: Host
  readonly #log: Logger
  #abilities: { generation: number; promise: Promise<JournalAbilities> } | null = null

  constructor(link: Link, host: Host, log: Logger) {
    this.#link = link
    this.#host = host
    this.#log = log
  }

  command(filter: JournalFilter): string {
    return journalCommand(filter)
  }

  async page(query: JournalPageQuery, signal?: AbortSignal): Promise<JournalPage> {
    const { cursor, direction, limit } = query
    const abilities = await this.#able()
    const match = compileMatch(query, abilities.grep)
    const back = direction === 'before'
    const args = matchArgs(query, { grep: abilities.grep, withoutSince: cursor !== null })
    if (back) args.push('--reverse')
    if (cursor !== null) args.push(`--cursor=${cursor}`)
    // one more tells whether there are more; another is the cursor's own entry
    if (match.test === null) args.push(`--lines=${limit + (cursor === null ? 1 : 2)}`)
    const compressor = match.test !== null || limit >= compressFrom ? abilities.compressor : 'none'
    const entries: JournalEntry[] = []
    let bytes = 0
    let more = false
    const question = { filter: query, args, compressor, signal, sudo: needsSudo(abilities, this.#host, query.scope) }
    for await (const batch of this.#entries(question)) {
      for (const entry of batch) {
        if (cursor !== null && (entry.cursor === cursor || (!back && notAfter(entry.cursor, cursor)))) continue
        if (back && query.since !== null && entry.at < query.since) continue
        if (match.test !== null && !match.test(entry)) continue
        if (entries.length >= limit || bytes > pageBytes) {
          more = true
          break
        }
        entries.push(entry)
        bytes += entry.message.length
      }
      if (more) break
    }
    if (back) entries.reverse()
    return { entries, more }
  }

  async *read(
    filter: JournalFilter,
    options: { follow: boolean; backlog?: number; cursor?: string; signal?: AbortSignal },
  ): AsyncGenerator<readonly JournalEntry[]> {
    const { follow, signal } = options
    const abilities = await this.#able()
    const match = compileMatch(filter, abilities.grep)
    const common = { filter, sudo: needsSudo(abilities, this.#host, filter.scope), signal }
    let mark = options.cursor ?? null
    let seen: ReadonlySet<string> = new Set()

    if (mark === null && (options.backlog !== undefined || (follow && filter.since === null))) {
      // entries that come while the backlog is read are behind the newest one before it
      if (follow) mark = await this.#newest(common)
      const limit = Math.max(0, Math.min(10_000, options.backlog ?? readBacklog))
      if (limit > 0) {
        const query = { ...filter, cursor: null, direction: 'before' as const, limit }
        const { entries } = await this.page(query, signal)
        seen = new Set(entries.map(entry => entry.cursor))
        if (entries.length > 0) yield entries
      }
      if (!follow) return
    } else {
      const from = this.#from(filter, mark, abilities)
      for await (const batch of this.#entries({ ...common, args: from, compressor: abilities.compressor })) {
        const fresh = batch.filter(entry => this.#isNew(entry, mark, seen) && (match.test?.(entry) ?? true))
        mark = batch.at(-1)?.cursor ?? mark
        if (fresh.length > 0) yield fresh
      }
      if (!follow) return
    }

    const args = [...this.#from(filter, mark, abilities), '--follow', '--no-tail']
    let behind = mark
    for await (const batch of this.#entries({ ...common, args, compressor: 'none' })) {
      const fresh = batch.filter(entry => this.#isNew(entry, behind, seen) && (match.test?.(entry) ?? true))
      // only the first entries can be old ones: a journal that starts anew must not be taken for one
      if (fresh.length > 0) behind = null
      if (fresh.length > 0) yield fresh
    }
    if (!signal?.aborted) throw new AppError('COMMAND_FAILED', 'journalctl on the host ended')
  }

  async boots(signal?: AbortSignal): Promise<readonly JournalBoot[]> {
    const abilities = await this.#able()
    const sudo = needsSudo(abilities, this.#host, 'system')
    const result = await this.#link.exec(
      ['env', 'LC_ALL=C', 'TZ=UTC', 'journalctl', '--no-pager', '-q', '--list-boots'],
      {
        sudo,
        timeout: 60_000,
        ...(signal ? { signal } : {}),
      },
    )
    if (result.lost) throw new AppError('LINK_LOST', 'The connection was lost')
    return parseBoots(Buffer.from(result.stdout).toString('utf8'))
  }

  async transitions(
    scope: UnitScope,
    from: number,
    to: number,
    signal?: AbortSignal,
  ): Promise<readonly UnitTransition[]> {
    const abilities = await this.#able()
    const ids = Object.values(lifeMessages).map(id => `MESSAGE_ID=${id}`)
    const manager = scope === 'user' ? ['--user', '_SYSTEMD_USER_UNIT=init.scope'] : ['_PID=1']
    const events: LifeEvent[] = []
    const run = {
      argv: this.#argv([`--since=${journalTime(from)}`, `--until=${journalTime(to)}`, ...manager, ...ids], lifeFields),
      fields: lifeFields,
      sudo: needsSudo(abilities, this.#host, scope),
      compressor: abilities.compressor,
      signal,
    }
    const steps = runExport(this.#link, run, values => {
      const event = toLifeEvent(values)
      // the newest of too many: how it ended matters more than how it began
      if (event && events.push(event) > 2 * lifeEventLimit) events.splice(0, lifeEventLimit)
    })
    for (;;) {
      const step = await steps.next()
      if (!step.done) continue
      this.#check(step.value, scope)
      return unitTransitionsFromJournal(this.#host.id, scope, events.slice(-lifeEventLimit))
    }
  }

  #from(filter: JournalFilter, mark: string | null, abilities: JournalAbilities): string[] {
    const args = matchArgs(filter, { grep: abilities.grep, withoutSince: mark !== null })
    return mark === null ? args : [...args, `--cursor=${mark}`]
  }

  #isNew(entry: JournalEntry, mark: string | null, seen: ReadonlySet<string>): boolean {
    if (mark !== null && notAfter(entry.cursor, mark)) return false
    return !seen.has(entry.cursor)
  }

  /** The newest entry's cursor, whatever it is about; null in an empty journal. */
  async #newest(common: Pick<Question, 'filter' | 'sudo' | 'signal'>): Promise<string | null> {
    const { scope } = common.filter
    const args = [...(scope === 'user' ? ['--user'] : []), '--lines=1']
    let cursor: string | null = null
    for await (const batch of this.#entries({ ...common, args, compressor: 'none' }))
      cursor = batch.at(-1)?.cursor ?? cursor
    return cursor
  }

  /** Batches as the host sends them. A cursor that the host does not understand is replaced by the time it names. */
  async *#entries(question: Question): AsyncGenerator<JournalEntry[]> {
    const end = yield* this.#batches(question)
    const cursor = question.args.find(arg => arg.startsWith('--cursor='))
    if (end.exit !== 0 && cursor && /cursor/i.test(end.stderr)) {
      const time = parseCursor(cursor.slice(9))?.time
      this.#log.warn('cursor refused, going on by time', { known: time !== undefined })
      if (time === undefined) throw new AppError('INVALID_INPUT', 'Not a cursor of this journal')
      const back = question.args.includes('--reverse')
      const bound = `${back ? '--until' : '--since'}=${journalTime(time / 1000)}`
      const args = [...question.args.filter(arg => arg !== cursor && !(back && arg.startsWith('--until='))), bound]
      this.#check(yield* this.#batches({ ...question, args }), question.filter.scope)
      return
    }
    this.#check(end, question.filter.scope)
  }

  async *#batches(question: Question): AsyncGenerator<JournalEntry[], ExportEnd> {
    const { args, sudo, compressor, signal } = question
    let batch: JournalEntry[] = []
    const run = { argv: this.#argv(args, askedFields), fields: entryFields, sudo, compressor, signal }
    const hostId = this.#host.id
    const steps = runExport(this.#link, run, (values, truncated) => {
      const entry = toEntry(hostId, values, truncated)
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

  #argv(args: Args, fields: Args): string[] {
    const asked = fields.filter(name => !name.startsWith('__')).join(',')
    return ['env', 'LC_ALL=C', 'journalctl', '--no-pager', '--output=export', `--output-fields=${asked}`, ...args]
  }

  #check(end: ExportEnd, scope: UnitScope): void {
    const { exit, stderr } = end
    // journalctl -g answers 1 where nothing matches
    if (exit === 0 || (exit === 1 && stderr.trim() === '')) return
    if (/insufficient permissions|permission denied/i.test(stderr)) {
      if (scope === 'system') throw noRights(['systemd-journal'], this.#host.user)
      throw new AppError('JOURNAL_RIGHTS', `${this.#host.user} has no journal of its own on this host`, {
        hint: 'Journals are not kept on disk there (Storage=persistent), or the user has not logged anything yet.',
      })
    }
    if (/No journal files were (found|opened)/i.test(stderr)) return
    if (/specified boot|boot ID/i.test(stderr)) throw new AppError('NOT_FOUND', 'The journal does not hold that boot')
    if (exit === 127) throw new AppError('NOT_SYSTEMD', 'This host has no journal')
    throw new AppError('COMMAND_FAILED', 'journalctl failed', { detail: { exit, stderr: stderr.slice(0, 500) } })
  }

  async #able(): Promise<JournalAbilities> {
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
}
