// A backup's whole life through the engine's contract: run, verified, changed, put back, proven; knows no kind of source and no kind of target.
import { expect } from 'vitest'
import type { engineContract } from '../../../src/shared/contract/engine.ts'
import type { BackupRun } from '../../../src/shared/model/backup.ts'
import { type DrillRun, RestoreDraft, type RestoreRun } from '../../../src/shared/model/restore.ts'
import type { Client } from '../../../src/shared/rpc/client.ts'
import { until } from './running-engine.ts'

type Window = Client<typeof engineContract>

export async function backedUp(client: Window, id: string): Promise<BackupRun> {
  const { id: runId } = await client.call('backup.run', id)
  const newest = () => client.call('backup.runs', { id, limit: 5 })
  return until(
    async () => (await newest()).find(run => run.id === runId && run.finishedAt !== null),
    90_000,
    async () => JSON.stringify(await newest()),
  )
}

export async function restored(
  client: Window,
  draft: Pick<RestoreDraft, 'snapshotId'> & Partial<RestoreDraft>,
): Promise<RestoreRun> {
  const whole = RestoreDraft.parse({ to: { kind: 'in-place' }, ...draft })
  const { problems, confirm } = await client.call('restore.plan', whole)
  expect(problems).toEqual([])
  const { id } = await client.call('restore.run', { draft: whole, typed: confirm })
  const all = () => client.call('restore.list', { backupId: null })
  return until(
    async () => (await all()).find(run => run.id === id && run.finishedAt !== null),
    90_000,
    async () => JSON.stringify((await all())[0]),
  )
}

export async function drilled(client: Window, backupId: string): Promise<DrillRun> {
  const { id } = await client.call('drill.run', backupId)
  const all = () => client.call('drill.list', { backupId })
  return until(
    async () => (await all()).find(run => run.id === id && run.finishedAt !== null),
    90_000,
    async () => JSON.stringify((await all())[0]),
  )
}

/**
 * Backs up what is there, has it changed, puts it back and proves it. `state` tells what is there. Returns the first snapshot's id.
 */
export async function wholeCycle(
  client: Window,
  id: string,
  { state, change }: { state: () => Promise<string>; change: () => Promise<unknown> },
): Promise<string> {
  const then = await state()
  const run = await backedUp(client, id)
  expect(run, JSON.stringify(run)).toMatchObject({ outcome: 'good' })
  const [snapshotId = ''] = run.snapshots
  const { manifest } = (await client.call('snapshot.list', { backupId: id })).find(one => one.id === snapshotId) ?? {}
  for (const { verified, bytes } of manifest?.parts ?? []) expect([verified !== '', bytes > 0]).toEqual([true, true])
  await change()
  expect(await state()).not.toBe(then)
  const restore = await restored(client, { snapshotId })
  expect(restore.outcome, JSON.stringify(restore)).toBe('restored')
  expect(await state()).toBe(then)
  expect(restore.before).not.toBeNull()
  const before = await client.call('snapshot.verify', restore.before ?? '')
  expect(before).toMatchObject({ state: 'good', manifest: { reason: 'before-restore' } })
  await client.call('restore.dropOld', restore.id)
  const drill = await drilled(client, id)
  expect(drill.outcome, JSON.stringify(drill)).toBe('proven')
  return snapshotId
}
