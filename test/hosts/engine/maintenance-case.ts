// Plays a night's maintenance on whichever host it is given: with what it has, without python3, and without anything that knows SQLite.
import { expect } from 'vitest'
import { MaintenanceDraft, type MaintenanceRun, PreviewRequest } from '../../../src/shared/model/maintenance.ts'
import type { TestHost } from '../lib/index.ts'
import { RunningEngine, until } from './running-engine.ts'

const file = '/srv/upkeep/app.db'
const steps = [
  { type: 'vacuum-sqlite', spec: { path: file } },
  { type: 'vacuum-postgres', spec: { full: true } },
  { type: 'delete-old-logs', spec: { folders: ['/srv/upkeep/logs'], sudo: true } },
  { type: 'vacuum-journal', spec: { keepMegabytes: 16 } },
].map((step, at) => ({ key: `step-${at}`, ...step }))

export async function playMaintenance(host: TestHost): Promise<void> {
  await host.exec(
    `install -d -o deploy /srv/upkeep /srv/upkeep/logs; cd /srv/upkeep/logs; touch new.log; touch -d '40 days ago' old.log
    systemctl start postgresql; until runuser -u postgres -- psql -qc 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done`,
  )
  const fill = (): Promise<unknown> => host.exec(['runuser', '-u', 'deploy', '--', 'sqlite3', file, ballast])
  const size = async (): Promise<number> => Number(await host.output(['stat', '-c', '%s', file]))
  await using app = await RunningEngine.start()
  const { id: hostId } = await app.add(host)
  await app.ready(hostId)
  const run = async (name: string, some: typeof steps): Promise<MaintenanceRun> => {
    const draft = MaintenanceDraft.parse({ name, hostId, steps: some })
    const { id } = await app.client.call('maintenance.add', { draft, secrets: {} })
    await app.client.call('maintenance.run', id)
    return until(async () => {
      const [last] = await app.client.call('maintenance.runs', { id, limit: 1 })
      return last?.finishedAt != null && last
    }, 60_000)
  }
  await fill()
  const previews = await app.client.call('maintenance.preview', {
    ...PreviewRequest.parse({ hostId, steps }),
    secrets: {},
  })
  expect(
    previews.map(({ problem, found }) => [problem, found.map(({ ok, text }) => `${ok} ${text}`).join('\n')]),
  ).toEqual([
    [null, expect.stringMatching(/^true .*empty pages; [\d.]+ MB free on its disk$/)],
    [
      null,
      expect.stringMatching(
        /^true postgres: .*; FULL needs [\d.]+ MB on the disk of \/var\/lib\/postgresql\/\d+\/main/m,
      ),
    ],
    [null, expect.stringMatching(/^true \/srv\/upkeep\/logs: 1 file, .*old\.log$/)],
    [null, expect.stringMatching(/^true .*take up/)],
  ])
  const isWell = async (name: string, some: typeof steps): Promise<void> => {
    const before = await size()
    const done = await run(name, some)
    expect(done, JSON.stringify(done)).toMatchObject({ outcome: 'done' })
    expect(await size()).toBeLessThan(before / 4)
  }
  await isWell('Night', steps)
  expect(await host.output('ls /srv/upkeep/logs')).toBe('new.log')
  await fill()
  await host.exec('mv /usr/bin/python3 /usr/bin/python3.away')
  try {
    await isWell('Without python3', steps.slice(0, 1))
    await host.exec('mv /usr/bin/sqlite3 /usr/bin/sqlite3.away')
    const refused = await run('Without SQLite', steps.slice(0, 2))
    expect(refused).toMatchObject({
      outcome: 'failed',
      steps: [{ outcome: 'failed' }, { outcome: 'skipped' }],
    })
    expect(refused.steps[0]?.evidence.at(-1)?.text).toMatch(
      /No program on the host knows SQLite\. Install python3 or sqlite3/,
    )
  } finally {
    await host.exec('cd /usr/bin; for away in python3 sqlite3; do [ ! -e $away.away ] || mv $away.away $away; done')
  }
}

const ballast = `CREATE TABLE IF NOT EXISTS ballast (text TEXT);
INSERT INTO ballast SELECT hex(randomblob(1000)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i FROM n);
DELETE FROM ballast;`
