// Whatever happens in whatever order, with kills, gaps and clocks that jump: what is told is told once, and holds together.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SendResult } from '../../../../src/engine/channels/index.ts'
import type { Check } from '../../../../src/shared/model/check.ts'
import { createRig, type Sent } from './alerting-rig.ts'

const everything = { hostId: null, unit: null, checkId: null, tag: null }
const refused: SendResult = { ok: false, retry: true, retryAfterMs: null, message: 'no' }
const troubles = new Set(['firing', 'repeat', 'flapping', 'escalated'])

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('probe' as const),
      check: fc.nat(3),
      well: fc.boolean(),
      times: fc.nat(4),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 400_000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gap' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: -90_000_000, max: 90_000_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('silence' as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refuse' as const), on: fc.boolean() }) },
)

/** One piece of news at one channel: the same piece has the same time of happening. */
const piece = ({ channel }: Sent, item: Sent['notification']['items'][number]): string =>
  [channel, item.incidentId, item.kind, item.title, item.at].join(' ')

test('S12 S19 no news under two ids, never "resolved" without "firing", nothing left behind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async steps => {
      const rig = createRig()
      try {
        rig.settings.notifications = false
        rig.host('web')
        rig.host('db')
        rig.channel('a')
        rig.channel('b')
        const checks: Check[] = [
          rig.check('reach', { type: 'host-reachable', recoveryThreshold: 1 }),
          rig.check('one'),
          rig.check('two', { failureThreshold: 1, recoveryThreshold: 1 }),
          rig.check('three', { hostId: 'db', dependsOn: ['one'], failureThreshold: 1 }),
        ]
        for (const each of steps) {
          const check = each.kind === 'probe' ? checks[each.check] : undefined
          if (each.kind === 'probe' && check) rig.times(check, each.well ? 'healthy' : 'unhealthy', each.times + 1)
          if (each.kind === 'pass') await rig.pass(each.ms, Math.max(1_000, each.ms / 20))
          if (each.kind === 'kill') await rig.kill()
          if (each.kind === 'gap') rig.alerting.onClockGap()
          if (each.kind === 'jump') rig.clock.jump(each.ms)
          if (each.kind === 'refuse') rig.answer('a', () => (each.on ? refused : { ok: true }))
          if (each.kind === 'silence' && each.on)
            rig.silences.add(
              { name: 'x', kind: 'silence', scope: everything, schedule: { kind: 'once', from: 0, until: null } },
              'person',
            )
          if (each.kind === 'silence' && !each.on) for (const { id } of rig.silences.list()) rig.silences.remove(id)
        }
        rig.answer('a', () => ({ ok: true }))
        await rig.pass(700_000, 10_000)

        const ids = new Map<string, Set<string>>()
        const told = new Set<string>()
        const firing = new Map<string, Set<number>>()
        for (const sent of rig.sent)
          for (const item of sent.notification.items) {
            const key = piece(sent, item)
            ids.set(key, (ids.get(key) ?? new Set()).add(sent.notification.id))
            const about = `${sent.channel} ${item.incidentId}`
            if (item.kind === 'firing') firing.set(about, (firing.get(about) ?? new Set()).add(item.at))
            if (troubles.has(item.kind)) told.add(about)
            else expect(told.has(about)).toBe(true)
          }
        for (const known of ids.values()) expect(known.size).toBe(1)
        // an incident that does not become worse fires once
        for (const times of firing.values()) expect(times.size).toBe(1)
        expect(rig.store.outbox.open()).toEqual([])
        // every open incident is spoken of by an alert, and every alert's incident is open
        const open = rig.store.incidents.active().map(incident => incident.id)
        const spoken = checks.flatMap(check => rig.alerting.phase(check.id, null).incidentId ?? [])
        expect(open.toSorted()).toEqual(spoken.toSorted())
      } finally {
        await rig.dispose()
      }
    }),
    { numRuns: 25, seed: 20_261_122, endOnFailure: true },
  )
}, 120_000)
