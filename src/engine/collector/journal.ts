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
import { notAfter } from '../parse/journal-entry.ts'
import {
  type LifeEvent,
  lifeFields,
  lifeMessages,
  toLifeEvent,
  unitTransitionsFromJournal,
} from '../parse/journal-transitions.ts'
import type { JournalReader, Link } from '../ports.ts'
import { compileMatch, type EntryMatch } from './journal-match.ts'
import type { JournalAbilities } from './journal-probe.ts'
import { JournalSource } from './journal-source.ts'

/** Smaller questions are answered sooner without a compressor. */
const compressFrom = 100
/** Text of one page: a page of 10,000 entries of 64 KiB would be too much to hold. */
const pageBytes = 16 * 1024 * 1024
const lifeEventLimit = 20_000
const usualBacklog = 200

type ReadOptions = Parameters<JournalReader['read']>[1]

/** The journal of one host; usable over all of its link's generations. */
export function createJournalReader(link: Link, host: Host, options: { log: Logger }): JournalReader {
  return new HostJournal(new JournalSource(link, host, options.log))
}

class HostJournal implements JournalReader {
  readonly #source: JournalSource

  constructor(source: JournalSource) {
    this.#source = source
  }

  command(filter: JournalFilter): string {
    return journalCommand(filter)
  }

  async page(query: JournalPageQuery, signal?: AbortSignal): Promise<JournalPage> {
    const { cursor, direction, limit, scope } = query
    const { grep, compressor } = await this.#source.abilities()
    const match = compileMatch(query, grep)
    const back = direction === 'before'
    const args = matchArgs(query, { grep, withoutSince: cursor !== null })
    if (back) args.push('--reverse')
    if (cursor !== null) args.push(`--cursor=${cursor}`)
    // one more tells whether there are more; another is the cursor's own entry. Forwards
    // it is counted here: --lines means the newest ones without a cursor, and turns the order round beside --grep.
    if (match.test === null && (back || (cursor !== null && !match.onHost)))
      args.push(`--lines=${limit + (cursor === null ? 1 : 2)}`)
    const bulk = match.test !== null || limit >= compressFrom
    const entries: JournalEntry[] = []
    let bytes = 0
    for await (const batch of this.#source.entries({
      scope,
      args,
      unit: onlyUnit(query),
      compressor: bulk ? compressor : 'none',
      signal,
    })) {
      for (const entry of batch) {
        if (cursor !== null && (entry.cursor === cursor || (!back && notAfter(entry.cursor, cursor)))) continue
        if (back && query.since !== null && entry.at < query.since) continue
        if (match.test !== null && !match.test(entry)) continue
        if (entries.length >= limit || bytes > pageBytes)
          return { entries: back ? entries.reverse() : entries, more: true }
        entries.push(entry)
        bytes += entry.message.length
      }
      // backwards, nothing that follows can be inside the range any more
      const last = batch.at(-1)
      if (back && query.since !== null && last && last.at < query.since) break
    }
    return { entries: back ? entries.reverse() : entries, more: false }
  }

  async *read(filter: JournalFilter, options: ReadOptions): AsyncGenerator<readonly JournalEntry[]> {
    try {
      yield* this.#read(filter, options)
    } catch (error) {
      // following has no other end than this
      if (options.follow && options.signal?.aborted) return
      throw error
    }
  }

  async *#read(filter: JournalFilter, options: ReadOptions): AsyncGenerator<readonly JournalEntry[]> {
    const { follow, signal } = options
    const abilities = await this.#source.abilities()
    const match = compileMatch(filter, abilities.grep)
    const common = { scope: filter.scope, unit: onlyUnit(filter), signal }
    let mark = options.cursor ?? null
    let seen: ReadonlySet<string> = new Set()

    if (mark === null && (options.backlog !== undefined || (follow && filter.since === null))) {
      // entries that come while the backlog is read are behind the newest one before it
      if (follow) mark = await this.#newest(filter.scope, signal)
      const limit = Math.max(0, Math.min(10_000, options.backlog ?? usualBacklog))
      if (limit > 0) {
        const { entries } = await this.page({ ...filter, cursor: null, direction: 'before', limit }, signal)
        seen = new Set(entries.map(entry => entry.cursor))
        if (entries.length > 0) yield entries
      }
    } else {
      const args = this.#from(filter, mark, abilities)
      const behind = new Behind(mark, seen)
      for await (const batch of this.#source.entries({ ...common, args, compressor: abilities.compressor })) {
        const fresh = behind.fresh(batch, match)
        mark = batch.at(-1)?.cursor ?? mark
        if (fresh.length > 0) yield fresh
      }
    }
    if (!follow) return
    const args = [...this.#from(filter, mark, abilities), '--follow', '--no-tail']
    const behind = new Behind(mark, seen)
    for await (const batch of this.#source.entries({ ...common, args, compressor: 'none' })) {
      const fresh = behind.fresh(batch, match)
      if (fresh.length > 0) yield fresh
    }
    throw new AppError('COMMAND_FAILED', 'journalctl on the host ended')
  }

  async boots(signal?: AbortSignal): Promise<readonly JournalBoot[]> {
    return parseBoots(await this.#source.boots(signal))
  }

  async transitions(
    scope: UnitScope,
    from: number,
    to: number,
    signal?: AbortSignal,
  ): Promise<readonly UnitTransition[]> {
    const { compressor } = await this.#source.abilities()
    // only what the manager itself says: other programs may claim anything but these two fields
    const manager = scope === 'user' ? ['--user', '_SYSTEMD_USER_UNIT=init.scope'] : ['_PID=1']
    const ids = Object.values(lifeMessages).map(id => `MESSAGE_ID=${id}`)
    const args = [`--since=${journalTime(from)}`, `--until=${journalTime(to)}`, ...manager, ...ids]
    const events: LifeEvent[] = []
    await this.#source.records({ scope, args, unit: null, compressor, signal }, lifeFields, values => {
      const event = toLifeEvent(values)
      // the newest of too many: how it ended matters more than how it began
      if (event && events.push(event) > 2 * lifeEventLimit) events.splice(0, lifeEventLimit)
    })
    return unitTransitionsFromJournal(this.#source.host.id, scope, events.slice(-lifeEventLimit))
  }

  #from(filter: JournalFilter, mark: string | null, abilities: JournalAbilities): string[] {
    const args = matchArgs(filter, { grep: abilities.grep, withoutSince: mark !== null })
    return mark === null ? args : [...args, `--cursor=${mark}`]
  }

  /** The newest entry's cursor, whatever it is about; null in an empty journal. */
  async #newest(scope: UnitScope, signal: AbortSignal | undefined): Promise<string | null> {
    const args = [...(scope === 'user' ? ['--user'] : []), '--lines=1']
    let cursor: string | null = null
    for await (const batch of this.#source.entries({ scope, args, unit: null, compressor: 'none', signal }))
      cursor = batch.at(-1)?.cursor ?? cursor
    return cursor
  }
}

function onlyUnit(filter: JournalFilter): string | null {
  return filter.units.length === 1 ? (filter.units[0] ?? null) : null
}

/** Leaves out what was read before: up to a cursor, and entries that were seen. Only the first entries of a reading can be such. */
class Behind {
  #mark: string | null
  readonly #seen: ReadonlySet<string>

  constructor(mark: string | null, seen: ReadonlySet<string>) {
    this.#mark = mark
    this.#seen = seen
  }

  fresh(batch: readonly JournalEntry[], match: EntryMatch): readonly JournalEntry[] {
    const { test } = match
    if (this.#mark === null && this.#seen.size === 0 && test === null) return batch
    const fresh = batch.filter(entry => {
      if (this.#mark !== null) {
        if (notAfter(entry.cursor, this.#mark)) return false
        // a journal that starts anew later must not be taken for an old one
        this.#mark = null
      }
      return !this.#seen.has(entry.cursor) && (test === null || test(entry))
    })
    return fresh
  }
}
