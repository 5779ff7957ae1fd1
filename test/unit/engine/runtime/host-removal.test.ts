// A host goes only when nothing is half done on it; one that is away goes on a person's word alone, who was told what may stay stopped there.
import { beforeEach, expect, it } from 'vitest'
import { HostRemoval, type HostRemovalOptions } from '../../../../src/engine/runtime/host-removal.ts'
import type { HostSession } from '../../../../src/engine/runtime/host-session.ts'
import type { MaintenanceRun, MaintenanceStepRun } from '../../../../src/shared/model/maintenance.ts'

const unit = { scope: 'system' as const, name: 'bot.service' }
const choice = { id: 'web-1', startServices: true, despiteUnfinished: false }
interface Begun {
  restore?: object
  run?: Pick<MaintenanceRun, 'steps' | 'stopped'>
  renewing?: boolean
}
let state: string
let begun: Begun
let order: string[]
let onRelease: () => void
beforeEach(() => {
  state = 'ready'
  begun = {}
  order = []
  onRelease = () => {}
})

const login = { id: 'site', hostId: 'web-1', name: 'Site' }
const removal = new HostRemoval({
  fleet: {
    judgeRemoval: () => {},
    remove: async () => void order.push('remove'),
    peek: () => ({ link: { status: { state } } }) as HostSession,
    host: () => ({ name: 'Web' }),
  },
  store: {
    logins: { list: () => [{ login }, { login: { ...login, id: 'other', hostId: 'web-2' } }] },
    maintenance: { list: () => [{ task: { id: 'tidy', hostId: 'web-1', name: 'Tidy' } }] },
    backups: { get: () => ({ backup: { name: 'App' } }) },
  },
  restores: { underWay: () => (begun.restore ? [begun.restore] : []) },
  maintenance: { running: () => begun.run ?? null },
  renewals: { isRunning: () => begun.renewing ?? false },
  deactivation: {
    hold() {
      order.push('hold')
      return { dispose: () => void order.push('let go') }
    },
    async release(id: string) {
      order.push(`start for ${id}`)
      onRelease()
    },
  },
} as unknown as HostRemovalOptions)

const step = (outcome: MaintenanceStepRun['outcome']) => ({ outcome }) as MaintenanceStepRun
const restoring = { backupId: 'app', unit, wasUp: true, reached: 'swap' }

it('starts what a login on this host stopped, and only then lets it go', async () => {
  await removal.remove(choice)
  expect(order).toEqual(['hold', 'start for site', 'remove', 'let go'])
  order = []
  await removal.remove({ ...choice, startServices: false })
  expect(order).toEqual(['hold', 'remove', 'let go'])
})

it.each<[string, Begun]>([
  ['A restore of App', { restore: restoring }],
  ['The task Tidy', { run: { steps: [step('running')], stopped: [] } }],
  ['The task Tidy', { run: { steps: [step('pending')], stopped: [unit] } }],
  ['A renewal of Site', { renewing: true }],
])('keeps a host that is there while something has begun on it, whoever insists: %s', async (what, one) => {
  begun = one
  for (const despiteUnfinished of [false, true])
    await expect(removal.remove({ ...choice, despiteUnfinished })).rejects.toMatchObject({
      ...{ code: 'CONFLICT', message: `${what} is under way on Web`, hint: expect.stringContaining('Cancel it') },
    })
  expect(order).toEqual([])
})

it('calls off what only waits: it has begun nothing there', async () => {
  begun = { run: { steps: [step('pending')], stopped: [] } }
  await removal.remove(choice)
  expect(order).toContain('remove')
})

it('looks once more before the link closes: something may have begun while services were started', async () => {
  onRelease = () => {
    begun = { restore: restoring }
  }
  await expect(removal.remove(choice)).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(order).toEqual(['hold', 'start for site', 'let go'])
})

it('says of a host that is away what may stay stopped there, and goes on where a person insists', async () => {
  state = 'backoff'
  begun = { restore: restoring }
  await expect(removal.remove(choice)).rejects.toMatchObject({
    message: 'A restore of App is half done on Web, which is not connected; bot.service may be stopped there',
    detail: { despite: 'unfinished' },
  })
  begun = { restore: { ...restoring, reached: 'verify' } }
  await expect(removal.remove(choice)).rejects.toThrow(/not connected$/)
  begun.run = { steps: [step('lost')], stopped: [unit] }
  await expect(removal.remove(choice)).rejects.toThrow(
    'A restore of App and the task Tidy are half done on Web, which is not connected; bot.service may be stopped there',
  )
  expect(order).toEqual([])
  await removal.remove({ ...choice, startServices: false, despiteUnfinished: true })
  expect(order).toEqual(['hold', 'remove', 'let go'])
})
