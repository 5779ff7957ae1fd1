// Recovery as it is carried out: written before it is sent, sent once, verified, and the same after any kill.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ActResult } from '../../../../src/engine/ports.ts'
import { AuditQuery } from '../../../../src/shared/model/audit.ts'
import { start } from '../store/lib.ts'
import { settle } from './fake-host.ts'
import { incidentOf, policyOf, Rig, RigWorld, ref, unit } from './recovery-rig.ts'

let directory: string
let world: RigWorld
let rig: Rig
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'quarterdeck-recovery-'))
  world = new RigWorld()
  world.put(world.failed(unit()))
  rig = await Rig.start(world, directory, start)
  rig.runner.put(policyOf())
  await settle()
})
afterEach(() => {
  rig.kill()
  rmSync(directory, { recursive: true, force: true })
})
const view = () => rig.runner.view(ref)
const attempts = () => rig.store.recovery.attempts(ref, 20).reverse()

it('S22 S23 an attempt is written down before it is sent, sent after its delay, verified and audited', async () => {
  let written: string[] = []
  rig.act = async name => {
    written = rig.store.recovery.unfinished().map(each => `${each.number} ${each.outcome}`)
    return rig.restart(name)
  }
  rig.fire('i1', 'unit')
  await settle()
  expect(view()).toMatchObject({
    phase: 'wait',
    attemptsLeft: 5,
    attemptsLeftInWindow: 3,
    reason: 'Attempt 1 of 5 comes next',
  })
  await rig.advance(4_500)
  expect(world.restarts).toEqual([])
  await rig.advance(1_000)
  expect(written).toEqual(['1 running'])
  expect(view()).toMatchObject({ phase: 'verify', attemptsLeft: 4, attemptsLeftInWindow: 2 })
  rig.fire('i1', null)
  await rig.advance(12_000)
  expect(view()).toMatchObject({
    phase: 'idle',
    last: { number: 1, outcome: 'verified', command: 'systemctl restart bot.service' },
  })
  const audit = rig.store.audit.list(AuditQuery.parse({}))
  expect(audit).toMatchObject([{ verb: 'recovery.attempt', actor: 'rule: auto-recovery', outcome: 'verified' }])
  expect(world.events.map(({ title }) => title)).toEqual(['Attempt 1 of 5', 'Attempt 1: verified'])
})

it('S24 what fails again and again is tried 3 times and told once, also by the next engine', async () => {
  world.onRestart = each => world.failed(each)
  rig.fire('i1', 'unit')
  await rig.advance(60_000)
  expect(attempts().map(({ number, outcome }) => `${number} ${outcome}`)).toEqual(['1 failed', '2 failed', '3 failed'])
  expect(view()?.phase).toBe('escalated')
  rig.kill()
  rig = await Rig.start(world, directory, start + 100_000)
  rig.fire('i1', 'unit')
  await rig.advance(1_200_000, 5_000)
  expect(world.restarts).toHaveLength(3)
  expect(world.escalated).toEqual(['i1'])
})

it('S23 the link is lost in the middle: compared by InvocationID and not sent again, whichever way it went', async () => {
  for (const arrived of [true, false]) {
    let lose: (result: ActResult) => void = () => {}
    rig.act = name => {
      if (arrived) rig.restart(name)
      return new Promise(resolve => {
        lose = resolve
      })
    }
    const before = rig.acts.length
    rig.fire(`i-${arrived}`, 'unit')
    await rig.advance(6_000)
    rig.link.to('lost')
    lose({ kind: 'lost' })
    await rig.advance(20_000)
    expect(view()).toMatchObject({ phase: 'verify', reason: expect.stringContaining('connection was lost') })
    rig.fire(`i-${arrived}`, null)
    rig.link.to('ready')
    await rig.advance(15_000)
    expect(view()?.last).toMatchObject({ outcome: arrived ? 'verified' : 'lost' })
    expect(rig.acts).toHaveLength(before + 1)
    world.put(world.failed(unit()))
    await rig.advance(700_000, 10_000)
  }
})

it('the engine ends in the middle of an attempt: the next one looks what became of it and sends nothing', async () => {
  rig.act = name => {
    rig.restart(name)
    return new Promise(() => {})
  }
  rig.fire('i1', 'unit')
  await rig.advance(6_000)
  expect(view()?.phase).toBe('act')
  rig.kill()
  rig = await Rig.start(world, directory, start + 60_000)
  await rig.advance(12_000)
  expect(attempts()).toMatchObject([{ number: 1, outcome: 'verified' }])
  expect(world.restarts).toHaveLength(1)
  expect(rig.store.audit.list(AuditQuery.parse({}))).toMatchObject([{ outcome: 'verified' }])
})

it('the panic switch stops what waits at once, and cancels what is under way', async () => {
  rig.fire('i1', 'unit')
  await rig.advance(4_000)
  rig.automation = false
  rig.runner.onSettings()
  expect(view()).toMatchObject({ phase: 'idle', reason: 'Mending by rule is switched off' })
  await rig.advance(60_000)
  expect(world.restarts).toEqual([])
  rig.automation = true
  rig.runner.onSettings()
  await rig.advance(5_500)
  expect(view()?.phase).toBe('verify')
  rig.automation = false
  rig.runner.onSettings()
  await settle()
  expect(view()).toMatchObject({ phase: 'idle', last: { outcome: 'cancelled' } })
  await rig.advance(600_000, 10_000)
  expect(world.restarts).toHaveLength(1)
})

it('what cannot be written down is not done', async () => {
  const { insertAttempt } = rig.store.recovery
  Object.assign(rig.store.recovery, {
    insertAttempt: () => {
      throw new Error('the disk is full')
    },
  })
  rig.fire('i1', 'unit')
  await rig.advance(60_000)
  expect(world.restarts).toEqual([])
  expect(view()?.phase).toBe('wait')
  Object.assign(rig.store.recovery, { insertAttempt })
  await rig.advance(31_000)
  expect(world.restarts).toHaveLength(1)
})

it('what is lost at the very end of writing it down is not done either, and holds nobody up', async () => {
  const { transaction } = rig.store
  Object.assign(rig.store, {
    transaction: (work: () => unknown) =>
      transaction(() => {
        work()
        throw new Error('the disk is full')
      }),
  })
  rig.fire('i1', 'unit')
  await rig.advance(60_000)
  expect(world.restarts).toEqual([])
  expect(() => rig.runner.put(policyOf({ attemptsPerIncident: 1 }))).toThrow('full')
  expect(view()?.policy.attemptsPerIncident).toBe(5)
  Object.assign(rig.store, { transaction })
  expect(rig.actions.under(ref)).toBeNull()
  await rig.advance(31_000)
  expect(world.restarts).toHaveLength(1)
})

it('an end that cannot be written down is written when the disk takes it, and nothing is done meanwhile', async () => {
  const { updateAttempt } = rig.store.recovery
  Object.assign(rig.store.recovery, {
    updateAttempt: () => {
      throw new Error('the disk is full')
    },
  })
  world.onRestart = each => world.failed(each)
  rig.fire('i1', 'unit')
  await rig.advance(60_000)
  expect(world.restarts).toHaveLength(1)
  expect(view()?.phase).toBe('verify')
  Object.assign(rig.store.recovery, { updateAttempt })
  await rig.advance(31_000)
  expect(attempts()[0]).toMatchObject({ number: 1, outcome: 'failed' })
  await rig.advance(11_000)
  expect(world.restarts.length).toBeGreaterThan(1)
})

it('S22 one at a time per host; what a person restarts does not count', async () => {
  world.put(world.failed(unit('other.service')))
  rig.runner.put(policyOf({ name: 'other.service' }))
  rig.fire('i1', 'unit')
  rig.fire('i2', 'unit', 'other.service')
  await rig.advance(6_000)
  expect(world.restarts).toHaveLength(1)
  const [first] = world.restarts
  rig.fire(first?.unit === ref.name ? 'i1' : 'i2', null, first?.unit)
  await rig.advance(14_000)
  expect(world.restarts.map(each => each.unit).sort()).toEqual(['bot.service', 'other.service'])
  rig.fire('i1', null)
  rig.fire('i2', null, 'other.service')
  await rig.advance(700_000, 10_000)
  for (let n = 0; n < 4; n++) {
    await rig.actions.run(ref, 'restart', 'person')
    await rig.advance(20_000)
  }
  expect(view()).toMatchObject({ attemptsLeftInWindow: 3 })
})

it('says in the first message what is going to be done', () => {
  const about = { ...incidentOf('i1'), cause: 'unit' as const }
  expect(rig.runner.doing(about)).toBe('Automatic recovery is on, with at most 5 attempts.')
  expect(rig.runner.doing({ ...about, cause: 'network' })).toBe('Automatic recovery does not act on this cause.')
  expect(rig.runner.doing({ ...about, unit: { scope: 'system', name: 'other.service' } })).toBeNull()
  rig.automation = false
  expect(rig.runner.doing(about)).toBe('Automatic recovery is switched off.')
})

it('S20 waits while a person acts on the unit', async () => {
  rig.fire('i1', 'unit')
  const taken = rig.actions.take(ref, 'stop')
  await rig.advance(60_000)
  expect(world.restarts).toEqual([])
  expect(view()?.reason).toBe('Waits: somebody is acting on it')
  taken?.dispose()
  rig.runner.lookAt()
  await rig.advance(6_000)
  expect(world.restarts).toHaveLength(1)
})

it('S22 S24 over 100 kills at any moment the budget holds and nothing is sent twice', async () => {
  let seed = 20_261_122
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed / 2_147_483_648
  }
  let incidents = 1
  // it may run for a while, fail at once, or the answer may never come
  world.onRestart = each => (random() < 0.6 ? world.failed(each) : world.running(each))
  let offset = 0
  for (let kill = 0; kill < 100; kill++) {
    rig.kill()
    // wall clocks may have been set back while nothing ran
    if (random() < 0.1) offset -= Math.floor(random() * 120_000)
    const down = Math.floor(random() * 20_000)
    world.real += down
    rig = await Rig.start(world, directory, start + world.real + offset, random)
    const live = rig
    live.act = async name => {
      const fate = random()
      if (fate < 0.2) return new Promise(() => {})
      const result = fate < 0.9 ? live.restart(name) : ({ kind: 'lost' } as const)
      return random() < 0.3 ? new Promise(() => {}) : result
    }
    const failing = world.units.get(ref.name)?.activeState === 'failed'
    if (failing) live.fire(`i${incidents}`, 'unit')
    else {
      // it was well: what fails next is another incident
      incidents++
      await live.advance(5_000 + random() * 20_000, 1_000)
      world.put(world.failed(unit()))
      live.fire(`i${incidents}`, 'unit')
    }
    // somebody takes note, now and then
    if (random() < 0.4) live.runner.put(policyOf())
    if (random() < 0.1) live.clock.jump(Math.floor((random() - 0.5) * 1e8))
    await live.advance(Math.floor(random() * 60_000), 1_000)
  }
  const times = world.restarts.map(({ at }) => at)
  expect(times.length).toBeGreaterThan(8)
  for (const at of times) expect(times.filter(each => each > at - 600_000 && each <= at).length).toBeLessThanOrEqual(3)
  const all = rig.store.recovery.attempts(ref, 1_000)
  expect(times.length).toBeLessThanOrEqual(all.length)
  expect(all.filter(({ finishedAt }) => finishedAt === null).length).toBeLessThanOrEqual(1)
  const numbers = all.map(({ incidentId, number }) => `${incidentId} ${number}`)
  expect(new Set(numbers).size).toBe(numbers.length)
  expect(all.every(({ number }) => number <= 5)).toBe(true)
}, 180_000)
