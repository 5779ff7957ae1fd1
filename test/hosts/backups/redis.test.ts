// The kind `redis` on real servers: saved while written to, checked to the last byte, tried in a server of its own, put in place and back.
import { beforeAll, describe, expect, test } from 'vitest'
import { redis } from '../../../src/engine/backups/redis.ts'
import type { SourceContext } from '../../../src/engine/backups/source.ts'
import { sharedHost } from '../lib/vitest.ts'
import { codeOf, type LinkOptions, ready } from '../remote/support.ts'
import { artefactOf, snapshot, sourceContext } from './database-support.ts'
import { itsProcesses, killRestores } from './killed-restore.ts'
import { take } from './source-support.ts'

describe.each(['bookworm', 'trixie'] as const)('Redis of %s', suite => {
  const host = sharedHost({ suite })
  const spec = (changes: object = {}) => redis.spec.parse(changes)
  const ask = 'redis-cli --no-auth-warning -a sesame'
  const cli = async (command: string): Promise<string> => (await host().exec(`${ask} ${command}`)).stdout
  const connect = async (secret = 'sesame', options: LinkOptions = {}): Promise<SourceContext> => {
    const all = { sudo: 'passwordless' as const, secretFields: { password: secret }, ...options }
    return sourceContext(host(), await ready(host(), all), all)
  }

  beforeAll(async () => {
    await host().exec(`echo 'requirepass sesame' >> /etc/redis/redis.conf; systemctl start redis-server`)
    const fill = [
      ...[
        'SET text "two\\nlines"',
        'SET number 12345',
        'SET large "REPEAT"',
        'RPUSH list a b c',
        'SADD ints 1 2 3',
        'SADD words a b',
      ],
      ...['ZADD scores 1.5 a 2 b', 'HSET hash f v g w', 'XADD stream * f v', 'XGROUP CREATE stream readers 0'],
      ...[
        'XREADGROUP GROUP readers one COUNT 1 STREAMS stream >',
        'SET short lived PX 86400000',
        'SETBIT bits 100000 1',
      ],
      ...[
        'PFADD visits a b c',
        'SELECT 3',
        'SET elsewhere 1',
        "EVAL \"for i=1,20000 do redis.call('SET','k'..i,string.rep(i,20)) end\" 0",
      ],
      "EVAL \"for i=1,2000 do redis.call('ZADD','many',i/3,'m'..i) redis.call('HSET','wide','f'..i,i) redis.call('RPUSH','long',i) end\" 0",
    ].map(line => line.replace('REPEAT', 'x'.repeat(5_000)))
    await host().writeFile('/tmp/fill', `${fill.join('\n')}\n`)
    await host().exec(
      'until redis-cli ping >/dev/null; do sleep 0.1; done; redis-cli --no-auth-warning -a sesame < /tmp/fill',
    )
  }, 60_000)

  const keys = [
    { name: 'db0', rows: 12 },
    { name: 'db3', rows: 20_004 },
  ]

  test('is looked at, saved, verified, and tried in a server of its own', async () => {
    const context = await connect()
    const look = await redis.look(context, spec())
    expect(look).toMatchObject({ identity: 'redis at 127.0.0.1:6379, /var/lib/redis/dump.rdb', tables: keys })
    const taken = await snapshot(redis, context, spec())
    const verified = await redis.verify(context, spec(), taken)
    expect(verified).toEqual({ said: 'its checksum is right; 20016 keys in 2 databases were read', tables: keys })
    expect(await redis.drill(context, spec(), taken)).toEqual([
      { ok: true, text: 'Loaded into a server of its own, which is gone again' },
      { ok: true, text: 'It holds db0 12, db3 20004, as in the snapshot' },
    ])
    expect((await host().exec('ls -A /var/tmp')).stdout).not.toContain('quarterdeck')
    expect((await host().exec('pgrep -c redis-server')).stdout).toBe('1\n')
    // damaged anywhere it is found
    for (let at = 9; at < taken.raw.length; at += Math.floor(taken.raw.length / 20)) {
      const raw = Buffer.from(taken.raw)
      raw.writeUInt8((raw[at] ?? 0) ^ 16, at)
      expect(await codeOf(redis.verify(context, spec(), artefactOf(taken.part, raw)))).toBe('BACKUP_BAD')
      expect(await codeOf(redis.verify(context, spec(), artefactOf(taken.part, taken.raw.subarray(0, at))))).toBe(
        'BACKUP_BAD',
      )
    }
  }, 60_000)

  test('every key that was acknowledged before the start is in a save that is made while a bot writes', async () => {
    const context = await connect()
    await host().exec(
      '{ seq 1 1000000 | sed "s/.*/RPUSH acknowledged &/" | redis-cli --no-auth-warning -a sesame; } >/dev/null 2>&1 &',
    )
    for (let round = 0; round < 2; round++) {
      const before = Number(await cli('LLEN acknowledged'))
      const taken = await snapshot(redis, context, spec())
      const [place, id] = [`/tmp/there-${round}`, { id: 'there' }]
      expect(await redis.restoreTo(context, spec(), taken, place, id)).toBe(`${place}/dump.rdb`)
      expect(await redis.settleTo(context, spec(), place, id)).toBe(true)
      const read = `cd /tmp/there-${round}; redis-server --port 0 --unixsocket /tmp/r${round} --dir . --daemonize yes >/dev/null; until redis-cli -s /tmp/r${round} ping 2>/dev/null | grep -q PONG; do sleep 0.1; done; redis-cli -s /tmp/r${round} llen acknowledged; redis-cli -s /tmp/r${round} shutdown nosave || true`
      expect(Number((await host().exec(read)).stdout)).toBeGreaterThanOrEqual(before)
      expect(await codeOf(redis.restoreTo(context, spec(), taken, place, id))).not.toBe(undefined)
    }
    await host().exec('pkill redis-cli || true')
    await cli('DEL acknowledged')
  }, 60_000)

  test('S32 is staged, checked, put in place, put back, and put in place again with what came meanwhile kept', async () => {
    const context = await connect()
    const staging = { id: 'r1' }
    const plain = await snapshot(redis, context, spec())
    const verified = await redis.verify(context, spec(), plain)
    const taken = artefactOf(
      { ...plain.part, tables: typeof verified === 'string' ? [] : [...(verified.tables ?? [])] },
      plain.raw,
    )
    await cli('SET fresh 1')
    await cli('DEL text')
    const has = async (): Promise<string> => `${(await cli('EXISTS text')).trim()}${(await cli('EXISTS fresh')).trim()}`
    expect(await redis.stagedState(context, spec(), staging)).toBe('nothing')
    await redis.stage(context, spec(), taken, staging)
    await redis.stage(context, spec(), taken, staging)
    expect(await redis.stagedState(context, spec(), staging)).toBe('staged')
    const sum = (taken.part.tables ?? []).reduce((total, { rows }) => total + (rows ?? 0), 0)
    expect(await redis.check(context, spec(), taken.part, staging)).toEqual([
      { ok: true, text: `redis-check-rdb reads ${sum} keys of ${sum}` },
    ])
    expect(await has()).toBe('01')
    expect((await redis.swap(context, spec(), staging)).kept).toContain('dump.rdb')
    expect(await has()).toBe('10')
    // the server saves over what was restored, and still the way back is open
    await cli('SET later 1')
    await cli('SAVE')
    expect(await redis.stagedState(context, spec(), staging)).toBe('swapped')
    await redis.swapBack(context, spec(), staging)
    await redis.swapBack(context, spec(), staging)
    expect(await has()).toBe('01')
    expect((await cli('EXISTS later')).trim()).toBe('0')
    expect(await redis.stagedState(context, spec(), staging)).toBe('staged')
    await redis.swap(context, spec(), staging)
    await redis.swap(context, spec(), staging)
    expect(await has()).toBe('10')
    await redis.discard(context, spec(), staging)
    await redis.dropOld(context, spec(), staging)
    expect((await host().exec('ls -A /var/lib/redis; systemctl is-active redis-server')).stdout).toBe(
      'dump.rdb\nactive\n',
    )
    expect(await has()).toBe('10')
    // and the owner is the server's, so that it can save
    expect(await cli('SAVE')).toBe('OK\n')
  }, 60_000)

  const times = suite === 'trixie' ? 50 : 10
  test(`S32 killed in every step, at ${times} moments, it is all old or all new`, async () => {
    const login = { user: 'deploy', sudo: 'passwordless' } as const
    const password = { secret: async () => 'sesame' }
    // smaller than the rest, so that nothing but the restore takes time
    await cli('FLUSHALL')
    await cli('SET state new')
    const { artefact } = await take(redis, await ready(host(), login), spec(), { context: password })
    const { wrong, ends, killed } = await killRestores({
      ...{ host: host(), type: redis, spec: spec(), artefact, options: login, times, context: password },
      kills: [
        itsProcesses,
        // it is stopped then, and its file is as it was
        () => 'pkill -9 -x redis-server || true',
      ],
      reset: async () =>
        void (await host().exec(
          `systemctl start redis-server; until ${ask} SET state old; do sleep 0.05; done; ${ask} SAVE`,
        )),
      present: async () => {
        // the file is what counts: the server may be stopped in the middle
        const file = (
          await host().exec("grep -aoE 'state.(old|new)' /var/lib/redis/dump.rdb | tail -c 4 || true")
        ).stdout.trim()
        const served = (await host().exec(`${ask} GET state 2>/dev/null || true`)).stdout.trim()
        return served === '' || served === file ? file : `${file} in the file, and ${served} in the server`
      },
      leftovers: async () => (await host().exec('ls -A /var/lib/redis | grep quarterdeck || true')).stdout.trim(),
    })
    expect(wrong).toEqual([])
    expect(ends.old + ends.new).toBe(times)
    expect(Object.values(killed).every(count => count > 0)).toBe(true)
    expect((await cli('PING')).trim()).toBe('PONG')
  }, 300_000)

  test('says what is wrong: the password, the file, the append-only file, no sudo', async () => {
    const context = await connect()
    expect(await codeOf((await connect('no')) && redis.look(await connect('no'), spec()))).toBe('ACCESS_DENIED')
    expect(await codeOf(redis.look(context, spec({ path: '/srv/other.rdb' })))).toBe('CONFLICT')
    expect(await codeOf(redis.look(context, spec({ port: 1 })))).toBe('PORT_CLOSED')
    const poor = await connect('sesame', { user: 'norights', sudo: 'none' })
    expect(await codeOf(snapshot(redis, poor, spec()))).not.toBe(undefined)
    const taken = await snapshot(redis, context, spec())
    await cli('CONFIG SET appendonly yes')
    expect(await codeOf(redis.stage(context, spec(), taken, { id: 'r9' }))).toBe('UNSUPPORTED')
    await cli('CONFIG SET appendonly no')
    await redis.discard(context, spec(), { id: 'r9' })
  }, 60_000)
})
