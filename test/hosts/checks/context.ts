// Gives checks what they look through on a real test host: its SSH link, its journal, this computer; must not know what a test proves.
import { onTestFinished } from 'vitest'
import type { z } from 'zod'
import type { CheckType, ProbeContext, ProbeResult } from '../../../src/engine/checks/check.ts'
import { readHostReport } from '../../../src/engine/collector/facts.ts'
import { createJournalReader } from '../../../src/engine/collector/journal.ts'
import { openUnits } from '../../../src/engine/collector/units.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import { createLocalLink } from '../../../src/engine/local/local-link.ts'
import type { Link } from '../../../src/engine/ports.ts'
import type { CheckUnit } from '../../../src/shared/model/check.ts'
import type { TestHost } from '../lib/index.ts'
import { hostRecord, type LinkOptions, ready } from '../remote/support.ts'

export type ContextChanges = Partial<Omit<ProbeContext, 'secret' | 'signal'>> & {
  readonly secrets?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface Probing {
  readonly link: Link
  /** A context for one probe; what is not named is the real thing, except for `sample`, `unitState` and `restarts`, which know nothing. */
  context(changes?: ContextChanges): ProbeContext
  /** Probes once, with the spec as a person would have entered it. */
  probe<S extends z.ZodObject>(type: CheckType<S>, spec: z.input<S>, changes?: ContextChanges): Promise<ProbeResult>
}

/** One link to the host, ended with the test, and as many probes over it as wanted. */
export async function probing(host: TestHost, options: LinkOptions = {}): Promise<Probing> {
  const link = await ready(host, options)
  const record = hostRecord(host, options)
  const local = createLocalLink({ clock: systemClock })
  onTestFinished(() => local.dispose())
  const journal = createJournalReader(link, record, { log: silentLogger })
  const context = (changes: ContextChanges = {}): ProbeContext => {
    const { secrets = {}, timeoutMs = 10_000, signal = AbortSignal.timeout(timeoutMs), ...rest } = changes
    const vantage = rest.vantage ?? 'host'
    return {
      host: record,
      unit: null,
      vantage,
      clock: systemClock,
      signal,
      firing: false,
      memory: new Map(),
      connect: (address, port) => (vantage === 'host' ? link : local).openTcp(address, port),
      connectFrom: (from, address, port) => (from === 'host' ? link : local).openTcp(address, port),
      connectUnix: path => link.openUnixSocket(path),
      exec: (argv, how = {}) => link.exec(argv, { ...how, signal }),
      sample: () => null,
      unitState: () => null,
      restarts: () => [],
      journal,
      secret: async field => secrets[field] ?? null,
      ...rest,
    }
  }
  return {
    link,
    context,
    probe: (type, spec, changes) => type.probe(context(changes), type.spec.parse(spec)),
  }
}

/** How systemd describes the unit now, as the prober would have it. */
export async function unitNow(probe: Probing, host: TestHost, unit: CheckUnit, options: LinkOptions = {}) {
  const manager = await openUnits({
    link: probe.link,
    host: hostRecord(host, options),
    scope: unit.scope,
    report: await readHostReport(probe.link),
    clock: systemClock,
    log: silentLogger,
  })
  try {
    return { ...(await manager.get(unit.name)), pinned: false }
  } finally {
    await manager.dispose()
  }
}
