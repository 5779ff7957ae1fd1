// Whether a service still writes to its journal: one that hangs is active to systemd and says nothing any more.
import { z } from 'zod'
import { everyEntry } from '../../shared/model/journal.ts'
import { checkType, commandTrouble, type ProbeContext, type ProbeResult, unknownBecause } from './check.ts'

/** A host's clock is asked for so seldom. */
const clockMs = 600_000

export const unitActivity = checkType({
  type: 'unit-activity',
  title: 'Activity of a service',
  description: 'A service that runs writes something to its journal now and then.',
  spec: z.object({
    minutes: z.number().min(0.1).max(10_080).default(5).meta({ title: 'Silent for at most', unit: 'minutes' }),
  }),
  vantages: ['host'],
  needsUnit: true,
  addable: true,
  mode: 'probe',
  defaults: {
    intervalSeconds: 60,
    timeoutSeconds: 15,
    failureThreshold: 2,
    recoveryThreshold: 1,
    forSeconds: 0,
    severity: 'warning',
  },
  async probe(context, { minutes }) {
    const { unit, host, signal } = context
    const state = context.unitState()
    if (!unit || !state) return { status: 'unknown', message: 'The service is not seen just now', cause: 'other' }
    if (state.activeState !== 'active')
      return { status: 'unknown', message: `${unit.name} is not running`, cause: null }
    try {
      const { entries } = await context.journal.page(
        {
          ...{ ...everyEntry, hostId: host.id, scope: unit.scope, units: [unit.name], boot: 0 },
          ...{ cursor: null, direction: 'before', limit: 1 },
        },
        signal,
      )
      // one that was just started had no time to write yet
      const last = Math.max(entries.at(-1)?.at ?? 0, state.since ?? 0)
      if (last === 0)
        return { status: 'unhealthy', message: `${unit.name} wrote nothing since the host started`, cause: 'health' }
      // both times are of the host's clock, which may be off by more than the limit
      const now = await hostTime(context)
      if (typeof now !== 'number') return now
      const silent = Math.max(0, now - last) / 60_000
      const message = `[SILENT] (${silent.toFixed(1)} min) <= ${minutes} min`
      const numbers = [{ name: 'silent', value: silent * 60 }]
      return silent <= minutes
        ? { status: 'healthy', message, cause: null, numbers }
        : { status: 'unhealthy', message, cause: 'health', numbers }
    } catch (error) {
      return unknownBecause(error)
    }
  },
})

/** What the host's clock shows, wall ms; or why that is not known. */
async function hostTime({ clock, memory, exec }: ProbeContext): Promise<number | ProbeResult> {
  const known = memory.get('clock') as { askedAt: number; offMs: number } | undefined
  if (known && clock.monotonic() - known.askedAt < clockMs) return clock.now() + known.offMs
  const result = await exec(['date', '+%s'], { maxBytes: 100 })
  const seconds = Number(Buffer.from(result.stdout).toString('utf8').trim())
  const trouble = commandTrouble(result)
  if (trouble) return { ...trouble, status: 'unknown' }
  if (result.exit !== 0 || !Number.isSafeInteger(seconds) || seconds <= 0)
    return { status: 'unknown', message: 'The host does not tell its time', cause: 'other' }
  memory.set('clock', { askedAt: clock.monotonic(), offMs: seconds * 1_000 - clock.now() })
  return seconds * 1_000
}
