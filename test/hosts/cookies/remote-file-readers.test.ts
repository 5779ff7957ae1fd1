// A bot that reads all the time while its cookies are written, and a neighbour who looks for secrets in what runs on the host (semantics 27, 28).
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inspectFile, replaceFile, type WriteResult } from '../../../src/engine/cookies/remote-file.ts'
import { placeOf } from '../../../src/engine/cookies/remote-file-names.ts'
import { writeArgv } from '../../../src/engine/cookies/remote-file-script.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { createLogger } from '../../../src/engine/lib/log.ts'
import { createSshLink } from '../../../src/engine/remote/ssh-connection.ts'
import { sharedHost } from '../lib/vitest.ts'
import { gate, hostRecord, reached, ready, secretsOf, trusting } from '../remote/support.ts'
import { put, restoreBackup, shaOf, write } from './remote-file-support.ts'

const host = sharedHost({ suite: 'bookworm' })
const program = (name: string): Promise<string> => readFile(join(import.meta.dirname, name), 'utf8')
const version = (n: number): string => {
  const head = String(n).padStart(8, '0')
  return `${head}\n${head.repeat(1500)}`
}

/** So many writes go through the link; the rest runs the very same script in a loop on the host, several times as fast. */
const throughLink = 60
const writes = { to: 1_000, atLeast: 1_000, seconds: 240 }

test('S27 100,000 reads during 1,000 writes: each sees one whole version', {
  timeout: 400_000,
}, async () => {
  const on = host()
  const path = await put(on, '/srv/read/cookies.txt', version(0))
  await on.writeFile('/srv/reader.py', await program('cookie-reader.py'))
  await on.writeFile('/srv/writer.py', await program('cookie-writer.py'))
  const link = await ready(on, { user: 'deploy' })
  const enough = ['/run/enough/1', '/run/enough/2']
  await on.exec('mkdir -m 777 /run/enough')
  const reading = enough.map(file =>
    on.output(['nice', '-n', '5', 'python3', '/srv/reader.py', path, '/run/stop-reading', file], {
      user: 'deploy',
      timeoutMs: 380_000,
    }),
  )
  for (let n = 0; n < throughLink; n++)
    expect(await write(link, path, version(n), version(n + 1))).toMatchObject({ ok: true })
  const named = placeOf(path)
  if (!named.ok) throw new Error(named.message)
  const folderStat = await on.output(['stat', '-c', '%u %a %d:%i', '/srv/read'])
  const order = {
    argv: writeArgv({ ...named.place, id: 'RUNID', fileStat: 'FILESTAT', folderStat, acl: false, backUp: true }),
    ...{ ...writes, path, from: throughLink, enough },
  }
  const looped = await on.output(['python3', '/srv/writer.py'], {
    user: 'deploy',
    input: JSON.stringify(order),
    timeoutMs: 300_000,
  })
  const last = Number(looped)
  expect(last).toBeGreaterThanOrEqual(writes.atLeast)
  await on.exec('touch /run/stop-reading')
  const seen = (await Promise.all(reading)).map(text => JSON.parse(text) as Record<string, number>)
  const sum = (key: string): number => seen.reduce((total, one) => total + (one[key] ?? 0), 0)
  expect({ torn: sum('torn'), missing: sum('missing'), backwards: sum('backwards') }).toEqual({
    torn: 0,
    missing: 0,
    backwards: 0,
  })
  expect(sum('reads')).toBeGreaterThanOrEqual(100_000)
  expect(sum('versions')).toBeGreaterThan(last / 2)
  expect((await inspectFile(link, path, { sudo: false })).sha256).toBe(shaOf(version(last)))
})

/** Looks at every process on the host until /run/stop-looking: its arguments and its environment, for what is on stdin. */
const watcher = `import os, sys
needle = sys.stdin.buffer.read().strip()
looks = found = 0
ours = str(os.getpid())
while not os.path.exists('/run/stop-looking'):
    for pid in os.listdir('/proc'):
        if not pid.isdigit() or pid == ours: continue
        for name in ('cmdline', 'environ'):
            try: text = open('/proc/%s/%s' % (pid, name), 'rb').read()
            except OSError: continue
            if b'quarterdeck-tmp' in text: looks += 1
            found += needle in text
print(looks, found)`

test('S28 a secret is in no argv, no environment, no log and no message, whether the write succeeds or not', {
  timeout: 120_000,
}, async () => {
  const on = host()
  const canary = `CANARY${'c0ffee'.repeat(6)}`
  const lines: string[] = []
  const log = createLogger({ now: () => systemClock.now(), level: 'debug', sink: line => lines.push(line) })
  const record = hostRecord(on, { user: 'sam', sudo: 'password' })
  const link = createSshLink({
    ...{ host: record, jump: null, secrets: secretsOf({ sudoPassword: on.passwords.sam }), keys: await trusting(on) },
    ...{ clock: systemClock, log, gate, agentSocket: null },
  })
  link.start()
  await reached(link, 'ready')
  const watching = on.output(['python3', '-c', watcher], { input: canary, timeoutMs: 100_000 })
  const path = await put(on, '/srv/canary/cookies.txt', `auth_token=${canary}-0`)
  const said: (WriteResult | unknown)[] = []
  for (let n = 0; n < 12; n++)
    said.push(await write(link, path, `auth_token=${canary}-${n}`, `auth_token=${canary}-${n + 1}`, true))
  const last = said.at(-1) as WriteResult
  if (!last.ok) throw new Error(last.message)
  const now = `auth_token=${canary}-12`
  said.push(await restoreBackup(link, path, last.backup, { sudo: true, expectedSha256: shaOf(now) }))
  said.push(await write(link, path, 'not what lies there', canary, true))
  const options = { content: Buffer.from(canary), sudo: true, backUp: true }
  const expectedSha256 = shaOf(`auth_token=${canary}-11`)
  for (const step of ['metadata', 'settle'] as const) {
    const at = (here: string): string => (here === step ? 'kill -9 $$' : '')
    const present = (await inspectFile(link, path, { sudo: true })).sha256 ?? expectedSha256
    said.push(await replaceFile(link, path, { ...options, expectedSha256: present, at }))
  }
  await on.exec('touch /run/stop-looking')
  const [looks = 0, found] = (await watching).split(' ').map(Number)
  expect(looks).toBeGreaterThan(0)
  expect(found).toBe(0)
  expect(JSON.stringify(said)).not.toContain('CANARY')
  expect(said.filter(result => !(result as WriteResult).ok)).toHaveLength(3)
  await link.dispose()
  expect(lines.join('\n')).not.toContain('CANARY')
  await on.exec(['journalctl', '--sync'])
  const journal = await on.output('journalctl -q --no-pager -o export; cat /var/log/*.log 2>/dev/null; true')
  // sudo logs what it was asked to run, so there is something to look through
  expect(journal).toContain('quarterdeck-tmp')
  expect(journal).not.toContain('CANARY')
  expect(journal).not.toContain(shaOf(now))
})
