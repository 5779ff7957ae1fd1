// The times of cron expressions; the only user of croner. Knows nothing of what happens at them.
import { Cron } from 'croner'

/** One that is no cron expression has no times. */
export const cronTimes = {
  previous: (expression: string, zone: string, at: number): number | null =>
    // a run within the second of the reference counts; one ms later makes a run at the very time count as well
    parse(expression, zone)
      ?.previousRuns(1, new Date(at + 1))[0]
      ?.getTime() ?? null,
  next: (expression: string, zone: string, at: number): number | null =>
    parse(expression, zone)?.nextRun(new Date(at))?.getTime() ?? null,
}

/** Why it is no cron expression; null where it is one. */
export function cronProblem(expression: string, zone: string): string | null {
  try {
    return make(expression, zone).nextRun() === null ? 'This never comes' : null
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
  }
}

const known = new Map<string, Cron | null>()

function parse(expression: string, zone: string): Cron | null {
  const key = `${zone} ${expression}`
  let cron = known.get(key)
  if (cron === undefined) {
    try {
      cron = make(expression, zone)
    } catch {
      cron = null
    }
    if (known.size > 500) known.clear()
    known.set(key, cron)
  }
  return cron
}

// without a function it is only a calendar: nothing is ever started by it
const make = (expression: string, zone: string): Cron =>
  new Cron(expression, { timezone: zone, mode: '5-part', paused: true })
