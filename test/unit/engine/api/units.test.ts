// Proves that what a hostile host says costs only itself: the answer fits the contract without it.
import { expect, it } from 'vitest'
import type { Services } from '../../../../src/engine/api/services.ts'
import { unitHandlers } from '../../../../src/engine/api/units.ts'
import { engineContract } from '../../../../src/shared/contract/engine.ts'
import type { Timer } from '../../../../src/shared/model/unit.ts'

it('a timer with a name that is none is left out, the others are told', async () => {
  const timer = (name: string): Timer => ({
    hostId: 'web-1',
    scope: 'system',
    name,
    description: '',
    activates: 'a.service',
    activeState: 'active',
    nextAt: null,
    lastAt: null,
  })
  const names = ['a.timer', 'a b.timer', '-x.timer', `${'x'.repeat(260)}.timer`, 'é.timer', 'b.timer']
  const manager = (scope: string) => (scope === 'system' ? { timers: async () => names.map(timer) } : null)
  const fleet = { session: () => ({ units: { manager } }) }
  const timers = await unitHandlers({ fleet } as unknown as Services)['unit.timers']('web-1')
  expect(timers.map(item => item.name)).toEqual(['a.timer', 'b.timer'])
  expect(engineContract['unit.timers'].output.safeParse(timers).success).toBe(true)
})
