// What else than a restart mends on a real host (R24): the bot's own POST /restart, a runbook, and previews of what would be deleted.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CheckDraft } from '../../../src/shared/model/check.ts'
import { type RecoveryAttempt, RecoveryPolicy, type RecoveryStep } from '../../../src/shared/model/recovery.ts'
import { sharedHost } from '../lib/vitest.ts'
import { RunningEngine, until } from './running-engine.ts'

const host = sharedHost({ suite: 'bookworm' })
const unit = { scope: 'system' as const, name: 'keepalive-bot.service' }
let app: RunningEngine
let hostId: string
beforeAll(async () => {
  app = await RunningEngine.start()
  hostId = (await app.add(host())).id
  await app.ready(hostId)
  await host().installBot('keepalive-bot', { restart: 'on-failure', restartSec: 0.5 })
  const spec = { url: 'http://127.0.0.1:8001/health' }
  const draft = CheckDraft.parse({
    ...{ hostId, type: 'http', name: 'Health', spec, unit, intervalSeconds: 1, timeoutSeconds: 1 },
  })
  await app.client.call('check.add', { draft, secrets: {} })
  await well()
})
afterAll(() => app?.dispose())

const well = () =>
  until(async () => {
    const views = await app.client.call('check.list', { hostId })
    return views.every(view => view.phase === 'ok') && views.some(view => view.last?.status === 'healthy')
  }, 60_000)

async function mend(steps: RecoveryStep[]): Promise<RecoveryAttempt> {
  const policy = RecoveryPolicy.parse({ hostId, ...unit, enabled: true, steps })
  await app.client.call('recovery.set', { policy, secrets: {} })
  const before = (await app.client.call('recovery.attempts', { hostId, ...unit, limit: 50 })).length
  const text = JSON.stringify({ switch: 'answer', status: 500 })
  await host().writeFile('/opt/keepalive-bot/control-keepalive-bot', text, { owner: 'deploy:deploy' })
  await host().exec(`systemctl kill -s USR1 --kill-who=main ${unit.name}`)
  const attempt = await until(async () => {
    const attempts = await app.client.call('recovery.attempts', { hostId, ...unit, limit: 50 })
    return attempts.length > before && attempts[0]?.finishedAt != null && attempts[0]
  }, 60_000)
  await well()
  return attempt
}

it('asks the bot itself by POST /restart, and verifies that it runs and answers', async () => {
  const pid = await host().pid(unit.name)
  const attempt = await mend([{ type: 'http-call', spec: { url: 'http://127.0.0.1:8001/restart' } }])
  expect(attempt, JSON.stringify(attempt)).toMatchObject({
    outcome: 'verified',
    command: 'POST http://127.0.0.1:8001/restart',
  })
  expect(attempt.evidence[0]?.text).toBe('POST http://127.0.0.1:8001/restart answered 202')
  expect(await host().pid(unit.name)).not.toBe(pid)
}, 90_000)

it('runs a runbook with what it printed as evidence', async () => {
  const commands = [
    { argv: ['sh', '-c', 'echo looking into $0', 'it'] },
    { argv: ['systemctl', 'restart', unit.name], sudo: true },
  ]
  const attempt = await mend([{ type: 'runbook', spec: { commands } }])
  expect(attempt, JSON.stringify(attempt)).toMatchObject({ outcome: 'verified' })
  expect(attempt.evidence[0]?.text).toContain('looking into it')
}, 90_000)

it('says what would be deleted before anything is, and does not change it', async () => {
  await host().installBot('stats-bot')
  const list = 'ls /opt/stats-bot/logs | wc -l'
  const { stdout: before } = await host().exec(list)
  const steps = [
    { type: 'delete-old-logs', spec: { folders: ['/opt/stats-bot/logs'] } },
    { type: 'vacuum-journal', spec: {} },
  ]
  const [logs, journal] = await app.client.call('recovery.plan', { hostId, ...unit, steps })
  expect(logs?.commands).toEqual(["find /opt/stats-bot/logs -xdev -type f -name '*.log*' -mtime +30 -delete"])
  expect(logs?.consequence).toMatch(/Now: \/opt\/stats-bot\/logs: 3 files, .* MB: /)
  expect(journal?.consequence).toMatch(/Archived and active journals take up/)
  expect((await host().exec(list)).stdout).toBe(before)
  const bad = [{ type: 'delete-old-logs', spec: { folders: ['/etc'] } }]
  await expect(app.client.call('recovery.plan', { hostId, ...unit, steps: bad })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    detail: { field: 'steps.0.spec.folders.0' },
  })
})
