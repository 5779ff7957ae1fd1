// Opens all that can be watched through a ready link; knows nothing of who watches, nor of how the link is made.
import type { Host } from '../../shared/model/host.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { HostReport } from '../parse/host-facts.ts'
import type { Collector, Link } from '../ports.ts'
import { collectFacts, readHostReport } from './facts.ts'
import { createJournalReader } from './journal.ts'
import { openMetricSampler } from './metrics.ts'
import { openUnits } from './units.ts'

export function createCollector(options: { clock: Clock; log: Logger }): Collector {
  const { clock } = options
  const log = options.log.child('collector')
  // What a host is does not change while a connection lives: it is looked at once per generation.
  const reports = new WeakMap<Link, { generation: number; report: Promise<HostReport> }>()
  const reportOf = (link: Link): Promise<HostReport> => {
    const { generation } = link.status
    const known = reports.get(link)
    if (known?.generation === generation) return known.report
    const report = readHostReport(link)
    reports.set(link, { generation, report })
    report.catch(() => {
      if (reports.get(link)?.report === report) reports.delete(link)
    })
    return report
  }
  return {
    facts: (link, host: Host) => collectFacts(link, host, () => reportOf(link)),
    units: async (link, host, scope) =>
      openUnits({ link, host, scope, report: await reportOf(link), clock, log: log.child(`units:${link.hostId}`) }),
    journal: (link, host) => createJournalReader(link, host, { log }),
    metrics: link => openMetricSampler(link, { clock, log }),
  }
}
