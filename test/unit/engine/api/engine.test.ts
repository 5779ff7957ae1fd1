// Proves that what a person changes about the app itself is kept in the audit log, and what merely is its look is not.
import { expect, it } from 'vitest'
import { engineHandlers } from '../../../../src/engine/api/engine.ts'
import type { Services } from '../../../../src/engine/api/services.ts'
import { Settings } from '../../../../src/shared/model/settings.ts'

it('audits a change of settings by its names, and the vault, but not the theme', async () => {
  const recorded: unknown[] = []
  const handlers = engineHandlers({
    settings: { set: () => Settings.parse({}) },
    vault: { create: async () => ({}), unlock: async () => ({}), reset: () => ({}) },
    clock: { now: () => 0 },
    fleet: { onVaultUnlocked: () => {} },
    audit: { record: (act: unknown) => recorded.push(act) },
  } as unknown as Services)
  handlers['settings.set']({ theme: 'dark', firstRunDone: true })
  expect(recorded).toEqual([])
  handlers['settings.set']({ theme: 'dark', notifications: false, closeToTray: false })
  await handlers['vault.unlock']({ passphrase: 'never recorded' })
  handlers['vault.reset']()
  expect(recorded).toEqual([
    { actor: 'person', verb: 'settings.change', target: 'notifications, closeToTray' },
    { actor: 'person', verb: 'vault.unlock' },
    { actor: 'person', verb: 'vault.reset' },
  ])
})

it('tells the next three times of a cron line in its zone, over the change of the clocks, or why there are none', () => {
  const clock = { now: () => Date.UTC(2026, 2, 28, 12) }
  const handlers = engineHandlers({ clock } as unknown as Services)
  const times = (cron: string) => handlers['schedule.times']({ cron, zone: 'Europe/Berlin' })
  const at = (day: number, hour: number): number => Date.UTC(2026, 2, day, hour)
  expect(times('0 4 * * *')).toEqual({ times: [at(29, 2), at(30, 2), at(31, 2)], problem: null })
  expect(times('0 4 * *')).toMatchObject({ times: [], problem: expect.stringMatching(/./) })
  expect(times('0 0 30 2 *')).toEqual({ times: [], problem: 'This never comes' })
})
