// The contract's handlers for what hosts tell: journal and metrics.
import { AppError } from '../../shared/errors.ts'
import type { JournalEntry, JournalFilter, JournalPageQuery } from '../../shared/model/journal.ts'
import type { SeriesQuery } from '../../shared/model/metric.ts'
import { followJournals } from '../runtime/journal-follow.ts'
import type { Services } from './services.ts'

type Context = { signal: AbortSignal }

export const observationHandlers = ({ fleet, store, clock }: Services) => ({
  'journal.page': async (query: JournalPageQuery, { signal }: Context) => {
    const page = await fleet.session(query.hostId).journal.page(query, signal)
    return { ...page, entries: [...page.entries] }
  },
  'journal.follow': (
    { filters, backlog }: { filters: JournalFilter[]; backlog: number },
    { signal }: Context,
  ): AsyncIterable<JournalEntry[]> =>
    followJournals(filters, backlog, hostId => fleet.session(hostId).journalSource(), clock, signal),
  'journal.export': async function* (filter: JournalFilter, { signal }: Context): AsyncGenerator<JournalEntry[]> {
    const { journal } = fleet.session(filter.hostId)
    for await (const batch of journal.read(filter, { follow: false, signal })) yield [...batch]
  },
  'journal.boots': async (hostId: string, { signal }: Context) => [
    ...(await fleet.session(hostId).journal.boots(signal)),
  ],
  'journal.command': (filter: JournalFilter) => fleet.session(filter.hostId).journal.command(filter),
  'metric.latest': (hostId: string) => fleet.session(hostId).latestSample,
  'metric.series': (query: SeriesQuery) => {
    if (query.from >= query.to) throw new AppError('INVALID_INPUT', 'The range of time is empty')
    return store.samples.query(query)
  },
  'metric.names': (hostId: string) => store.samples.names(hostId),
  'metric.gaps': ({ hostId, from, to }: { hostId: string; from: number; to: number }) =>
    store.gaps.list(hostId, from, to),
})
