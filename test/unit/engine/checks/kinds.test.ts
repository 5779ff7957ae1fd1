// Proves what holds for every kind of check: a form can be drawn from it, defaults fit the model, secrets are marked; and how limits judge.
import { describe, expect, it } from 'vitest'
import type { ProbeContext } from '../../../../src/engine/checks/check.ts'
import { diskSpace } from '../../../../src/engine/checks/disk-space.ts'
import { hostResources } from '../../../../src/engine/checks/host-resources.ts'
import { checkTypes } from '../../../../src/engine/checks/index.ts'
import { unitActivity } from '../../../../src/engine/checks/unit-activity.ts'
import { unitResources } from '../../../../src/engine/checks/unit-resources.ts'
import { unitRestarts } from '../../../../src/engine/checks/unit-restarts.ts'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { checkKinds, secretFields } from '../../../../src/engine/runtime/check-draft.ts'
import { CheckDraft, CheckKind } from '../../../../src/shared/model/check.ts'
import { unitState } from '../runtime/fake-host.ts'

describe('every kind', () => {
  it('has a name of its own and is told as the contract wants it', () => {
    expect(new Set(checkTypes.map(type => type.type)).size).toBe(checkTypes.length)
    for (const kind of checkKinds()) {
      expect(CheckKind.safeParse(kind).success, kind.type).toBe(true)
      const draft = { hostId: 'web-1', type: kind.type, name: kind.title, spec: {}, unit: null, ...kind.defaults }
      expect(CheckDraft.safeParse(draft).success, kind.type).toBe(true)
    }
  })

  it('titles each field of its form', () => {
    for (const kind of checkKinds())
      for (const [name, field] of Object.entries((kind.schema.properties ?? {}) as Record<string, { title?: string }>))
        expect(field.title, `${kind.type}.${name}`).toBeTruthy()
  })

  it('marks its secrets, which need not be given in the spec', () => {
    const secrets = Object.fromEntries(checkTypes.map(type => [type.type, secretFields(type)]))
    expect(secrets).toMatchObject({ postgres: ['password'], redis: ['password'] })
    for (const type of checkTypes)
      for (const name of secretFields(type))
        expect(type.spec.shape[name]?.safeParse(undefined).success, `${type.type}.${name}`).toBe(true)
  })

  it('says that nothing is known where nothing is', async () => {
    for (const type of [unitResources, hostResources, diskSpace, unitRestarts]) {
      const context = {
        unit: { scope: 'system', name: 'bot.service' },
        sample: () => null,
        unitState: () => null,
        firing: false,
      }
      const result = await type.probe(context as unknown as ProbeContext, type.spec.parse({}) as never)
      expect(result.status, type.type).toBe('unknown')
    }
  })
})

const sample = (memoryBytes: number, cpuPercent: number, used = 50) => ({
  cpuPercent,
  cores: [0, 0],
  load: [0, 3, 0],
  memory: { totalBytes: 100, availableBytes: 100 - used },
  disks: [{ mount: '/', device: 'a', totalBytes: 200, usedBytes: used, freeBytes: 100 - used }],
  units: [{ scope: 'system', name: 'bot.service', cpuPercent, memoryBytes, processes: 1 }],
})

function context(what: ReturnType<typeof sample>, firing: boolean, starts = 0): ProbeContext {
  return {
    unit: { scope: 'system', name: 'bot.service' },
    unitState: () => unitState('bot.service'),
    sample: () => what,
    restarts: () => Array.from({ length: starts }, (_, n) => n),
    firing,
  } as unknown as ProbeContext
}
const mb = 1024 * 1024

describe('limits with hysteresis: raised at one value, cleared at another', () => {
  it.each([
    [510, false, 'unhealthy'],
    [500, false, 'healthy'],
    [470, true, 'unhealthy'],
    [449, true, 'healthy'],
  ] as const)('memory of a service at %i MB, firing %s: %s', async (value, firing, status) => {
    const result = await unitResources.probe(context(sample(value * mb, 0), firing), unitResources.spec.parse({}))
    expect(result.status).toBe(status)
    expect(result.cause).toBe(status === 'unhealthy' ? 'resource' : null)
  })

  it.each([
    [81, false, 'unhealthy'],
    [80, false, 'healthy'],
    [75, true, 'unhealthy'],
    [70, true, 'healthy'],
  ] as const)('CPU of the host at %i %%, firing %s: %s', async (cpu, firing, status) => {
    const result = await hostResources.probe(context(sample(0, cpu), firing), hostResources.spec.parse({}))
    expect(result.status).toBe(status)
  })

  it('load counts per core', async () => {
    const spec = hostResources.spec.parse({ cpuPercent: null, memoryPercent: null, loadPerCore: 1.4 })
    const result = await hostResources.probe(context(sample(0, 0), false), spec)
    expect(result).toMatchObject({ status: 'unhealthy', message: '[LOAD] (1.50) <= 1.40' })
  })

  it.each([
    [91, false, 'unhealthy'],
    [90, false, 'healthy'],
    [88, true, 'unhealthy'],
    [87, true, 'healthy'],
  ] as const)('a disk at %i %%, firing %s: %s', async (used, firing, status) => {
    const result = await diskSpace.probe(context(sample(0, 0, used), firing), diskSpace.spec.parse({}))
    expect(result.status).toBe(status)
    expect(result.cause).toBe(status === 'unhealthy' ? 'disk' : null)
  })

  it('restarts: more than 3 within 1 h', async () => {
    const spec = unitRestarts.spec.parse({})
    expect(await unitRestarts.probe(context(sample(0, 0), false, 3), spec)).toMatchObject({ status: 'healthy' })
    expect(await unitRestarts.probe(context(sample(0, 0), false, 4), spec)).toMatchObject({
      status: 'unhealthy',
      message: '[RESTARTS within 60 min] (4) <= 3',
    })
  })
})

describe('activity', () => {
  const hour = 3_600_000
  /** A host whose clock is off, and whose service wrote last so long ago. */
  function silentFor(minutes: number, offMs: number) {
    const clock = new ManualClock()
    const asked: string[] = []
    const hostNow = () => clock.now() + offMs
    const lastAt = hostNow() - minutes * 60_000
    const context = {
      host: { id: 'web-1' },
      unit: { scope: 'system', name: 'bot.service' },
      unitState: () => unitState('bot.service', { since: lastAt - hour }),
      clock,
      memory: new Map(),
      journal: { page: async () => ({ entries: [{ at: lastAt }], more: false }) },
      exec: async (argv: string[]) => {
        asked.push(argv.join(' '))
        return { exit: 0, lost: false, timedOut: false, stdout: Buffer.from(`${Math.floor(hostNow() / 1_000)}\n`) }
      },
    } as unknown as ProbeContext
    return { clock, asked, look: () => unitActivity.probe(context, { minutes: 5 }) }
  }

  it.each([-hour, 0, hour])('is told by the host’s own clock, also where that is off by %i ms', async offMs => {
    expect(await silentFor(1, offMs).look()).toMatchObject({ status: 'healthy' })
    expect(await silentFor(6, offMs).look()).toMatchObject({ status: 'unhealthy', cause: 'health' })
  })

  it('asks for the time seldom', async () => {
    const { clock, asked, look } = silentFor(1, hour)
    await look()
    clock.advance(300_000)
    expect(await look()).toMatchObject({ status: 'unhealthy', message: '[SILENT] (6.0 min) <= 5 min' })
    expect(asked).toEqual(['date +%s'])
  })
})
