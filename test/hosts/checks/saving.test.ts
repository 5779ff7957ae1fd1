// Proves through the whole engine that network checks are refused where they are wrong, run once saved, and keep their secrets to themselves (R15, R47).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CheckDraft, type CheckView } from '../../../src/shared/model/check.ts'
import { IncidentQuery } from '../../../src/shared/model/incident.ts'
import { RunningEngine } from '../engine/running-engine.ts'
import { sharedHost } from '../lib/vitest.ts'

const host = sharedHost({ suite: 'trixie' })
const token = '123456:secret-of-the-telegram-bot'
const bearer = 'secret-of-the-endpoint'

test('a wrong check is refused with the place, a right one runs, and no secret is seen anywhere', async () => {
  const bot = await host().installBot('webhook-bot')
  await using engine = await RunningEngine.start()
  const { client } = engine
  const { id: hostId } = await engine.add(host())
  await engine.ready(hostId)
  const draft = (type: string, spec: Record<string, unknown>, changes: Partial<CheckDraft> = {}): CheckDraft =>
    CheckDraft.parse({
      hostId,
      type,
      name: `A ${type}`,
      spec,
      unit: { scope: 'system', name: bot.unit },
      intervalSeconds: 1,
      ...changes,
    })
  const health = { url: 'http://127.0.0.1:8010/health', numbers: [{ name: 'updates', path: 'updates' }] }

  const wrong = client.call('check.add', {
    draft: draft('http', { ...health, conditions: ['[STATUS] == 200', '[BODY].a = 1'] }),
    secrets: {},
  })
  await expect(wrong).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: 'Conditions: After "[BODY].a " (character 10): equality is written ==',
    detail: { field: 'spec.conditions.1' },
  })

  const tried = await client.call('check.try', {
    id: null,
    draft: draft('http', { ...health, conditions: ['[STATUS] == 404'] }),
    secrets: {},
  })
  expect(tried).toMatchObject({ status: 'unhealthy', cause: 'health', message: '[STATUS] (200) == 404' })

  const http = await client.call('check.add', { draft: draft('http', health), secrets: { token: bearer } })
  const telegram = await client.call('check.add', {
    draft: draft('telegram-bot', { apiBase: 'http://127.0.0.1:8081' }),
    secrets: { token },
  })
  const journal = await client.call('check.add', {
    draft: draft('journal-pattern', { pattern: 'error', maxPercent: 90 }),
    secrets: {},
  })
  expect([http.stored, telegram.stored, journal.stored]).toEqual([['token'], ['token'], []])

  const seen = async (id: string, wanted: (view: CheckView) => boolean): Promise<CheckView> => {
    for (let end = Date.now() + 30_000; ; await new Promise(resolve => setTimeout(resolve, 100))) {
      const view = await client.call('check.get', id)
      if (wanted(view)) return view
      if (Date.now() > end) throw new Error(`never so: ${JSON.stringify(view.last)}`)
    }
  }
  const well = await seen(http.id, ({ recent }) => recent.length >= 2)
  expect(well.last).toMatchObject({ status: 'healthy', numbers: [{ name: 'updates' }] })
  expect((await seen(journal.id, ({ last }) => last !== null)).last).toMatchObject({ status: 'healthy' })
  // the API on the host knows another token
  expect((await seen(telegram.id, ({ phase }) => phase === 'firing')).last).toMatchObject({
    status: 'unhealthy',
    cause: 'auth',
  })

  const preview = await client.call('check.previewJournal', {
    hostId,
    unit: { scope: 'system', name: bot.unit },
    pattern: 'LISTENING',
    ignoreCase: true,
  })
  expect(preview.matched).toBeGreaterThan(0)

  const told = JSON.stringify([
    await client.call('check.list', { hostId: null }),
    await client.call('incident.list', IncidentQuery.parse({})),
    engine.notifications,
  ])
  const files = readdirSync(engine.directory, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  const kept = files.map(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
  expect(kept.length).toBeGreaterThan(1)
  for (const secret of [token, token.split(':')[1] ?? '', bearer]) {
    expect(told).not.toContain(secret)
    expect(engine.logs.join('\n')).not.toContain(secret)
    for (const file of kept) expect(file.includes(secret)).toBe(false)
  }
})
