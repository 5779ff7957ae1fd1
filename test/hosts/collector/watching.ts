// Opens unit managers on test hosts and notes what they tell; must not know what each test proves.
import { onTestFinished } from 'vitest'
import { readHostReport } from '../../../src/engine/collector/facts.ts'
import { openUnits, type UnitSource } from '../../../src/engine/collector/units.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import type { UnitChange, UnitManager } from '../../../src/engine/ports.ts'
import type { UnitScope } from '../../../src/shared/model/unit.ts'
import type { TestHost } from '../lib/index.ts'
import { hostRecord, type LinkOptions, ready } from '../remote/support.ts'

export interface Watching {
  readonly manager: UnitManager
  readonly changes: UnitChange[]
  /** The life of one unit as it was told: `active/running`, `failed/failed` … without repeats. */
  life(name: string): string[]
  /** Resolves when `met` holds; asked after each change. */
  until(met: () => boolean, what: string, ms?: number): Promise<void>
}

/** A manager by one way in, ended with the test. */
export async function watch(
  host: TestHost,
  options: LinkOptions & { sources?: readonly UnitSource[]; scope?: UnitScope } = {},
): Promise<Watching & { link: Awaited<ReturnType<typeof ready>> }> {
  const link = await ready(host, options)
  const manager = await openUnits({
    link,
    host: hostRecord(host, options),
    scope: options.scope ?? 'system',
    report: await readHostReport(link),
    clock: systemClock,
    log: silentLogger,
    ...(options.sources ? { sources: options.sources } : {}),
  })
  onTestFinished(() => manager.dispose())
  return { ...note(manager), link }
}

export function note(manager: UnitManager): Watching {
  const changes: UnitChange[] = []
  const waiting = new Set<() => void>()
  manager.onChange(change => {
    changes.push(change)
    for (const look of [...waiting]) look()
  })
  const life = (name: string): string[] => {
    const steps: string[] = []
    for (const { unit } of changes) {
      const step = `${unit.activeState}/${unit.subState}`
      if (unit.name === name && steps.at(-1) !== step) steps.push(step)
    }
    return steps
  }
  const until = (met: () => boolean, what: string, ms = 20_000): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!met()) return
        clearTimeout(timer)
        waiting.delete(look)
        resolve()
      }
      const timer = setTimeout(() => {
        waiting.delete(look)
        const told = changes.map(({ unit }) => `${unit.name}=${unit.activeState}/${unit.subState}`).slice(-30)
        reject(new Error(`never ${what}; told: ${told.join(' ')}`))
      }, ms)
      waiting.add(look)
      look()
    })
  return { manager, changes, life, until }
}

/** A service that sleeps; `extra` are lines of its [Service]. */
export function sleeper(extra = ''): string {
  return `[Unit]\nDescription=Sleeps\n[Service]\nExecStart=/bin/sleep 100000\n${extra}\n[Install]\nWantedBy=multi-user.target\n`
}
