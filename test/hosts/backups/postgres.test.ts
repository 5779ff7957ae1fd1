// The kind `postgres` on real clusters: dumped while written to, proven, restored in one step or not at all.
import type { Readable } from 'node:stream'
import { beforeAll, describe, expect, test } from 'vitest'
import { stagedName } from '../../../src/engine/backups/pipe/pg-staging.ts'
import { postgres } from '../../../src/engine/backups/postgres.ts'
import { postgresRoles } from '../../../src/engine/backups/postgres-roles.ts'
import type { SourceContext } from '../../../src/engine/backups/source.ts'
import { AppError } from '../../../src/shared/errors.ts'
import type { TestHost } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { codeOf, type LinkOptions, ready } from '../remote/support.ts'
import { artefactOf, bytesOf, patient, snapshot, sourceContext } from './database-support.ts'
import { itsProcesses, killRestores } from './killed-restore.ts'
import { take } from './source-support.ts'

const root = { user: 'deploy', sudo: 'passwordless' } as const
const odd = `my "app"='1`
const asPostgres = async (host: TestHost, database: string, sql: string): Promise<string> => {
  const name = `dbname='${database.replaceAll("'", "\\'")}'`
  const psql = ['runuser', '-u', 'postgres', '--', 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-c', sql, '-d', name]
  return (await host.exec(psql)).stdout
}

const shop = `
CREATE SCHEMA "Odd Schema";
CREATE TABLE customers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE orders (id bigserial PRIMARY KEY, customer int NOT NULL REFERENCES customers, note text, paid numeric CHECK (paid >= 0));
CREATE TABLE "Odd Schema"."we|rd ""name""" ("a,b" text);
CREATE TABLE parts (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE parts_one PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE VIEW rich AS SELECT customer, sum(paid) AS sum FROM orders GROUP BY 1;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM orders;
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
INSERT INTO customers (name) SELECT 'customer ' || n FROM generate_series(1, 500) n;
INSERT INTO orders (customer, note, paid) SELECT 1 + n % 500, CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'two\\nlines\\tand \\\\' ELSE 'a, "b"' END, n FROM generate_series(1, 20000) n;
INSERT INTO "Odd Schema"."we|rd ""name""" VALUES ('x'), (''), (NULL);
INSERT INTO parts SELECT '2026-05-05', n FROM generate_series(1, 10) n;
SELECT lo_from_bytea(0, decode(repeat('ab', 100000), 'hex'));`

describe.each(['trixie', 'bullseye'] as const)('Postgres of %s', suite => {
  const host = sharedHost({ suite })
  const spec = (changes: object = {}) => postgres.spec.parse({ database: 'shop', ...changes })

  beforeAll(async () => {
    await host().exec(['systemctl', 'start', 'postgresql'])
    for (let tries = 0; ; tries++) {
      try {
        await asPostgres(host(), 'postgres', 'SELECT 1')
        break
      } catch (error) {
        if (tries > 50) throw error
        await new Promise(resolve => setTimeout(resolve, 200))
      }
    }
    await asPostgres(host(), 'postgres', "CREATE ROLE deploy LOGIN CREATEDB PASSWORD 'pa:ss\\wo''rd'")
    await asPostgres(host(), 'postgres', 'CREATE ROLE reader')
    await asPostgres(host(), 'postgres', 'CREATE DATABASE shop OWNER deploy')
    await asPostgres(host(), 'shop', `SET ROLE deploy; ${shop}`)
    await asPostgres(host(), 'shop', 'GRANT SELECT ON customers TO reader')
  }, 60_000)

  const connect = async (
    options: LinkOptions & { secretFields?: Record<string, string> } = {},
  ): Promise<SourceContext> => {
    const all = { sudo: 'passwordless' as const, ...options }
    return sourceContext(host(), await ready(host(), all), all)
  }
  const databases = async (): Promise<string[]> =>
    (await asPostgres(host(), 'postgres', 'SELECT datname FROM pg_database ORDER BY 1')).trim().split('\n')

  test('is looked at, dumped, verified, listed and given out as CSV', async () => {
    const context = await connect()
    const look = await postgres.look(context, spec())
    expect(look.identity).toMatch(/^cluster \d{10,}, database shop$/)
    expect(look.bytes).toBeGreaterThan(1_000_000)
    expect(look.changedAt).toBeGreaterThan(Date.now() - 600_000)
    expect(Object.keys(look.schemas)).toContain('public.orders')
    const facts = [
      { name: 'Odd Schema.we|rd "name"', rows: 3 },
      { name: 'public.customers', rows: 500 },
      { name: 'public.orders', rows: 20_000 },
      { name: 'public.parts_one', rows: 10 },
    ]
    expect(look.tables).toEqual(facts)
    const taken = await snapshot(postgres, context, spec())
    expect(taken.part.tables).toEqual(facts)
    expect(taken.part.identity.source).toBe(look.identity)
    expect(taken.part.versions[1]).toMatch(/^pg_dump \(PostgreSQL\) /)
    expect(await postgres.verify(context, spec(), taken)).toMatch(
      /^every block is there, 20513 rows in 4 tables as counted in the same moment; pg_restore lists \d+ objects$/,
    )
    expect((await postgres.items?.(context, taken))?.map(({ path, rows }) => [path, rows])).toEqual(
      facts.map(({ name, rows }) => [name, rows]),
    )
    const csv = await bytesOf((await postgres.extract?.(context, taken, 'public.orders')) as Readable)
    const text = csv.toString('utf8')
    const first = 'id,customer,note,paid\r\n1,2,"",1\r\n2,3,"two\nlines\tand \\",2\r\n3,4,"a, ""b""",3\r\n4,5,,4\r\n'
    expect(text.slice(0, first.length)).toBe(first)
    expect(text.trimEnd().endsWith('20000,1,,20000')).toBe(true)
    const missing = (await postgres.extract?.(context, taken, 'public.nothing')) as Readable
    expect(await codeOf(bytesOf(missing))).toBe('NOT_FOUND')
  })

  test('S29 every cut and a changed row are found by the verification', async () => {
    const context = await connect()
    const taken = await snapshot(postgres, context, spec(), 'none')
    for (let cut = 1; cut <= 40; cut++) {
      const raw = taken.raw.subarray(0, Math.floor((taken.raw.length * cut) / 41))
      expect(await codeOf(postgres.verify(context, spec(), artefactOf(taken.part, raw)))).toBe('BACKUP_BAD')
    }
    const fewer = { ...taken.part, tables: [{ name: 'public.orders', rows: 19_999 }] }
    await expect(postgres.verify(context, spec(), artefactOf(fewer, taken.raw))).rejects.toMatchObject({
      code: 'BACKUP_BAD',
      message: 'The dump is not what was there: public.orders has 20000 rows in the dump and had 19999',
    })
  })

  test('every row that was acknowledged before the start is in a dump that is taken while a bot writes', async () => {
    const context = await connect()
    await asPostgres(host(), 'shop', 'CREATE TABLE writes (n int PRIMARY KEY); GRANT ALL ON writes TO deploy')
    await host().exec(
      `cd /tmp; runuser -u deploy -- sh -c 'seq 1 1000000 | sed "s/.*/INSERT INTO writes VALUES (&); SELECT pg_sleep(0.002);\\n\\\\\\\\echo &/" | stdbuf -oL psql -XqAt shop > /tmp/acknowledged' >/dev/null 2>&1 & echo $! >/tmp/writer`,
    )
    const acknowledged = async (): Promise<number> =>
      Number((await host().exec("grep -E '^[0-9]+$' /tmp/acknowledged | tail -n 1 || true")).stdout)
    try {
      for (let round = 0; round < 5; round++) {
        while ((await acknowledged()) < 50 * (round + 1)) await new Promise(resolve => setTimeout(resolve, 50))
        const before = await acknowledged()
        const taken = await snapshot(postgres, context, spec())
        await postgres.verify(context, spec(), taken)
        const rows = taken.part.tables.find(({ name }) => name === 'public.writes')?.rows ?? 0
        expect(rows).toBeGreaterThanOrEqual(before)
        const csv = await bytesOf((await postgres.extract?.(context, taken, 'public.writes')) as Readable)
        expect(csv.toString('utf8').trimEnd().split('\r\n').slice(1).map(Number)).toEqual(
          Array.from({ length: rows }, (_, index) => index + 1),
        )
      }
      // and restored elsewhere, with its constraints
      const taken = await snapshot(postgres, context, spec())
      // also where a monitor finds what is half-made, and stays in it
      const enter =
        'psql -Xqc "SELECT pg_sleep(60)" 2>/tmp/entered; ! grep -q terminating /tmp/entered || break; sleep 0.02'
      const monitor = `cd /; for i in $(seq 300); do ${enter}; done >/dev/null 2>&1 &`
      const half = `PGDATABASE=${stagedName(odd, 'odd', 'new')}`
      await host().exec(['runuser', '-u', 'postgres', '--', 'env', half, 'sh', '-c', monitor])
      expect(await postgres.restoreTo(context, spec(), taken, odd, { id: 'odd' })).toBe(`database ${odd} on port 5432`)
      const entered = async () => (await host().exec('cat /tmp/entered')).stdout
      await expect.poll(entered).toContain('terminating connection')
      expect(await postgres.settleTo(context, spec(), odd, { id: 'odd' })).toBe(true)
      const rows = taken.part.tables.find(({ name }) => name === 'public.writes')?.rows
      expect(await asPostgres(host(), odd, 'SELECT count(*) FROM writes')).toBe(`${rows}\n`)
      await expect(asPostgres(host(), odd, 'INSERT INTO writes VALUES (1)')).rejects.toThrow(/duplicate key/)
      expect(await codeOf(postgres.restoreTo(context, spec(), taken, odd, { id: 'other' }))).toBe('CONFLICT')
      expect(await postgres.settleTo(context, spec(), odd, { id: 'other' })).toBe(false)
      const look = await postgres.look(context, spec({ database: odd }))
      expect(look.tables.find(({ name }) => name === 'public.orders')?.rows).toBe(20_000)
      const again = await snapshot(postgres, context, spec({ database: odd }))
      expect(await postgres.verify(context, spec({ database: odd }), again)).toContain('every block is there')
    } finally {
      await host().exec('kill $(pgrep -u deploy psql) || true')
      await asPostgres(host(), 'postgres', `DROP DATABASE IF EXISTS "${odd.replaceAll('"', '""')}"`)
      await asPostgres(host(), 'shop', 'DROP TABLE writes')
    }
  })

  test('a drill proves a good dump, finds one that restores with errors although its hash is right, and leaves nothing', async () => {
    const context = await connect()
    const taken = await snapshot(postgres, context, spec(), 'none')
    const good = await postgres.drill(context, spec(), taken)
    expect(good.map(({ ok }) => ok)).toEqual([true, true, true])
    expect(good[1]?.text).toBe('4 tables with 20513 rows, as in the snapshot')
    // the same length and a hash of its own: an order of a customer who is not there, which no list of contents can show
    const raw = Buffer.from(taken.raw)
    const at = raw.indexOf('499\t500\ta, "b"\t499\n')
    expect(at).toBeGreaterThan(0)
    raw.write('900', at + 4)
    const found = await postgres.drill(context, spec(), artefactOf(taken.part, raw))
    expect(found).toEqual([
      { ok: false, text: expect.stringMatching(/cannot be restored.*violates foreign key constraint/) },
    ])
    expect((await databases()).filter(name => name.includes('quarterdeck'))).toEqual([])
  })

  describe('in place', () => {
    const id = 'r1'
    const staged = stagedName('shop', id, 'new')
    const old = stagedName('shop', id, 'old')
    const staging = { id }
    const orders = async (database: string): Promise<number> =>
      Number(await asPostgres(host(), database, 'SELECT count(*) FROM orders'))

    test('is restored beside, checked, swapped while clients are connected, put back, swapped again and kept', async () => {
      const context = await connect()
      await asPostgres(
        host(),
        'postgres',
        `ALTER DATABASE shop SET search_path TO public, "Odd Schema"; ALTER DATABASE shop SET work_mem TO '5MB'; COMMENT ON DATABASE shop IS 'it''s mine';
ALTER ROLE deploy IN DATABASE shop SET statement_timeout TO '1h'; REVOKE CONNECT ON DATABASE shop FROM PUBLIC; GRANT CONNECT ON DATABASE shop TO reader WITH GRANT OPTION; ALTER DATABASE shop CONNECTION LIMIT 77`,
      )
      const facts = (database: string) =>
        asPostgres(
          host(),
          'postgres',
          `SELECT datconnlimit, (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a), pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, shobj_description(d.oid, 'pg_database'),
(SELECT array_agg(setrole || ' ' || setconfig::text ORDER BY setrole) FROM pg_db_role_setting s WHERE s.setdatabase = d.oid) FROM pg_database d WHERE datname = '${database}'`,
        )
      const before = await facts('shop')
      const taken = await snapshot(postgres, context, spec())
      await asPostgres(host(), 'shop', 'DELETE FROM orders WHERE id > 100')
      expect(await postgres.stagedState(context, spec(), staging)).toBe('nothing')
      expect(await codeOf(postgres.swap(context, spec(), staging))).toBe('CONFLICT')
      await postgres.swapBack(context, spec(), staging)
      const space = await postgres.space(context, spec(), taken.part)
      expect(space?.free).toBeGreaterThan(1e8)
      expect(space?.needs).toBeGreaterThan(taken.part.rawBytes)

      await postgres.stage(context, spec(), taken, staging)
      await postgres.stage(context, spec(), taken, staging)
      expect(await postgres.stagedState(context, spec(), staging)).toBe('staged')
      expect(await postgres.check(context, spec(), taken.part, staging)).toEqual([
        { ok: true, text: '4 tables with 20513 rows, as in the snapshot' },
      ])
      const more = { ...taken.part, tables: [...taken.part.tables, { name: 'public.gone', rows: 1 }] }
      expect((await postgres.check(context, spec(), more, staging))[0]).toMatchObject({ ok: false })
      expect(await orders('shop')).toBe(100)

      // a client that comes back at once, over and over
      await host().exec(
        'runuser -u postgres -- sh -c \'cd /; while [ ! -e /tmp/enough ]; do psql -Xqc "SELECT pg_sleep(30)" shop; done\' >/dev/null 2>&1 & sleep 0.5',
      )
      expect(await postgres.swap(context, spec(), staging)).toEqual({ kept: old })
      expect(await postgres.swap(context, spec(), staging)).toEqual({ kept: old })
      expect(await orders('shop')).toBe(20_000)
      expect(await orders(old)).toBe(100)
      expect((await facts('shop')).replace(/,quarterdeck\.[a-z]+=[a-z0-9]+/g, '')).toBe(before)
      expect(await postgres.stagedState(context, spec(), staging)).toBe('swapped')
      expect(await codeOf(postgres.stage(context, spec(), taken, staging))).toBe('CONFLICT')
      await postgres.swapBack(context, spec(), staging)
      await postgres.swapBack(context, spec(), staging)
      expect([await orders('shop'), await orders(staged)]).toEqual([100, 20_000])
      await postgres.swap(context, spec(), staging)
      // what is in place is never removed
      await postgres.discard(context, spec(), staging)
      await host().exec(`touch /tmp/enough; pkill -u postgres -f 'SELECT pg_sleep' || true; rm -f /tmp/enough`)
      await postgres.dropOld(context, spec(), staging)
      await postgres.dropOld(context, spec(), staging)
      expect((await databases()).filter(name => name.startsWith('shop'))).toEqual(['shop'])
      expect(await facts('shop')).toBe(before)
      expect(await orders('shop')).toBe(20_000)
      expect(await postgres.look(context, spec())).toMatchObject({ tables: taken.part.tables })
    }, 120_000)

    const times = suite === 'trixie' ? 50 : 10
    test(`S32 killed in every step, at ${times} moments, it is all old or all new`, async () => {
      await asPostgres(host(), 'postgres', 'CREATE DATABASE killed OWNER deploy')
      const fill =
        "DROP TABLE IF EXISTS t, other; CREATE TABLE t AS SELECT 'new' AS v, n FROM generate_series(1, 2000) n; CREATE TABLE other AS TABLE t;"
      await asPostgres(host(), 'killed', `SET ROLE deploy; ${fill}`)
      const killed = spec({ database: 'killed' })
      const { artefact } = await take(postgres, await ready(host(), root), killed)
      const facts =
        'SELECT string_agg(DISTINCT v || count, $$, $$) FROM (SELECT v, count(*) FROM t GROUP BY 1 UNION ALL SELECT v, count(*) FROM other GROUP BY 1) halves'
      const {
        wrong,
        ends,
        killed: steps,
      } = await killRestores({
        ...{ host: host(), type: postgres, spec: killed, artefact, options: root, times },
        kills: [
          itsProcesses,
          () => "pkill -9 -x 'psql|pg_restore' || true",
          // the server begins anew, with what it had written down
          () => "pkill -9 -f '[p]ostgres:.*checkpointer' || true",
        ],
        reset: async () =>
          void (await asPostgres(
            host(),
            'killed',
            `SET ROLE deploy; ${fill} UPDATE t SET v = 'old'; UPDATE other SET v = 'old'`,
          )),
        present: async () => {
          const found = (await patient(() => asPostgres(host(), 'killed', facts))).trim()
          return found === 'old2000' ? 'old' : found === 'new2000' ? 'new' : found
        },
        leftovers: async () => (await patient(databases)).filter(name => name.includes('_qd_')).join(),
      })
      expect(wrong).toEqual([])
      expect(ends.old + ends.new).toBe(times)
      expect(Object.values(steps).every(count => count > 0)).toBe(true)
      await asPostgres(host(), 'postgres', 'DROP DATABASE killed')
    }, 300_000)

    test('comes back where the database was dropped meanwhile', async () => {
      const context = await connect()
      await asPostgres(host(), 'postgres', 'CREATE DATABASE lost OWNER deploy')
      await asPostgres(host(), 'lost', 'CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2)')
      const lost = spec({ database: 'lost' })
      const taken = await snapshot(postgres, context, lost)
      await asPostgres(host(), 'postgres', 'DROP DATABASE lost')
      const look = await postgres.look(context, lost)
      expect(look).toMatchObject({ bytes: null, tables: [], identity: taken.part.identity.source })
      await postgres.stage(context, lost, taken, staging)
      expect(await postgres.swap(context, lost, staging)).toEqual({ kept: null })
      expect(await postgres.stagedState(context, lost, staging)).toBe('swapped')
      await postgres.swapBack(context, lost, staging)
      expect(await postgres.stagedState(context, lost, staging)).toBe('staged')
      await postgres.swap(context, lost, staging)
      await postgres.dropOld(context, lost, staging)
      expect(await asPostgres(host(), 'lost', 'SELECT sum(n) FROM t')).toBe('3\n')
    })
  })

  test('S28 connects with a password over TCP, which nobody on the host can see', async () => {
    const secret = "pa:ss\\wo'rd"
    const context = await connect({ user: 'norights', sudo: 'none', secretFields: { password: secret } })
    const tcp = spec({ address: '127.0.0.1', user: 'deploy' })
    const known = "'pa[\\\\]*[:]ss'"
    await host().exec(
      `while [ ! -e /tmp/seen-enough ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -a ${known} >>/tmp/seen; done >/dev/null 2>&1 &`,
    )
    const taken = await snapshot(postgres, context, tcp)
    expect(await postgres.verify(context, tcp, taken)).toContain('every block is there')
    expect(await postgres.restoreTo(context, tcp, taken, 'mine', { id: 'mine' })).toContain(
      'database mine at 127.0.0.1',
    )
    await host().exec('touch /tmp/seen-enough; sleep 0.5')
    expect((await host().exec('cat /tmp/seen')).stdout).toBe('')
    const left = `find /tmp /dev/shm /var/tmp /run/user -type f -size -8k 2>/dev/null | xargs -r grep -las ${known} || true`
    expect((await host().exec(left)).stdout).toBe('')
    const wrong = await connect({ user: 'norights', sudo: 'none', secretFields: { password: 'no' } })
    expect(await codeOf(postgres.look(wrong, tcp))).toBe('ACCESS_DENIED')
    expect(await codeOf(snapshot(postgres, wrong, tcp))).toBe('ACCESS_DENIED')
    expect(await codeOf(postgres.look(context, spec()))).toBe('SUDO_MISSING')
    expect(await codeOf(postgres.look(wrong, spec({ address: '127.0.0.1', port: 1 })))).toBe('UNREACHABLE')
    await asPostgres(host(), 'postgres', 'DROP DATABASE mine')
  })

  test('a role that is no superuser is told beforehand what it needs, and with that restores in place', async () => {
    const secret = "pa:ss\\wo'rd"
    const context = await connect({ user: 'norights', sudo: 'none', secretFields: { password: secret } })
    await asPostgres(host(), 'postgres', 'CREATE DATABASE "small" OWNER deploy')
    await asPostgres(host(), 'small', "SET ROLE deploy; CREATE TABLE era AS SELECT 'then' AS name")
    const tcp = spec({ database: 'small', address: '127.0.0.1', user: 'deploy' })
    const taken = await snapshot(postgres, context, tcp)
    await asPostgres(host(), 'postgres', 'ALTER ROLE deploy NOCREATEDB')
    const refused = AppError.from(await postgres.space(context, tcp, taken.part).catch((error: unknown) => error))
    expect(refused.code).toBe('ACCESS_DENIED')
    if (suite === 'bullseye') {
      expect(refused.hint).toContain('a superuser, such as postgres')
      await asPostgres(host(), 'postgres', 'ALTER ROLE deploy CREATEDB')
      await asPostgres(host(), 'postgres', 'DROP DATABASE small')
      return
    }
    const stranger = await connect({ user: 'norights', sudo: 'none', secretFields: { password: 'stranger' } })
    await asPostgres(host(), 'postgres', "CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
    await expect(postgres.space(stranger, { ...tcp, user: 'stranger' }, taken.part)).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      hint: 'Restore with the role that owns small, which is deploy, or with a superuser.',
    })
    const [, remedy = ''] = /^Have a superuser run: (.*)$/.exec(refused.hint ?? '') ?? []
    expect(remedy).toContain('CREATEDB')
    for (const line of remedy.split('; ')) await asPostgres(host(), 'postgres', line)
    expect((await postgres.space(context, tcp, taken.part))?.needs).toBeGreaterThan(0)
    await asPostgres(host(), 'small', "UPDATE era SET name = 'now'")
    // a monitor that is in it all the time
    await host().exec(
      `PGPASSWORD=stranger setsid psql -h 127.0.0.1 -U stranger -d small -c 'SELECT pg_sleep(600)' >/dev/null 2>&1 & sleep 1`,
    )
    const seen = AppError.from(await postgres.space(context, tcp, taken.part).catch((error: unknown) => error))
    expect(seen.hint).toBe('Have a superuser run: GRANT pg_signal_backend TO "deploy";')
    await asPostgres(host(), 'postgres', 'GRANT pg_signal_backend TO deploy')
    const staging = { id: 'norights1' }
    await postgres.stage(context, tcp, taken, staging)
    expect((await postgres.check(context, tcp, taken.part, staging)).every(({ ok }) => ok)).toBe(true)
    const { kept } = await postgres.swap(context, tcp, staging)
    expect(kept).toBe(stagedName('small', 'norights1', 'old'))
    expect((await asPostgres(host(), 'small', 'SELECT name FROM era')).trim()).toBe('then')
    await postgres.dropOld(context, tcp, staging)
    expect((await databases()).filter(name => name.includes('norights1'))).toEqual([])
    await asPostgres(host(), 'postgres', 'DROP DATABASE small')
    await asPostgres(host(), 'postgres', 'REVOKE pg_signal_backend FROM deploy')
    await asPostgres(host(), 'postgres', 'DROP ROLE stranger')
  })

  test('is proposed for a unit that is connected to it, or that needs it and owns it', async () => {
    const context = await connect()
    const unit = { scope: 'system' as const, name: 'shopper.service' }
    await host().writeFile(
      '/etc/systemd/system/shopper.service',
      `[Unit]\nWants=postgresql.service\n[Service]\nUser=deploy\nEnvironment=DATABASE_URL=postgres://deploy:sesame@localhost:5432/other\nExecStart=/bin/sh -c 'exec psql -Xqc "SELECT pg_sleep(600)" shop'\n`,
    )
    await host().exec('systemctl daemon-reload')
    const stopped = await postgres.propose?.(context, unit)
    expect(stopped).toEqual([
      {
        source: {
          key: 'postgres-shop',
          type: 'postgres',
          spec: expect.objectContaining({ database: 'shop', port: 5432 }),
        },
        reason: 'shopper.service needs Postgres, and it belongs to deploy',
      },
    ])
    await host().exec('systemctl start shopper.service; sleep 1')
    const running = await postgres.propose?.(context, unit)
    expect(running?.map(({ source, reason }) => [source.key, reason])).toEqual([
      ['postgres-shop', 'shopper.service is connected to it'],
      ['postgres-other', 'It is named in the environment of shopper.service'],
    ])
    expect(JSON.stringify(running)).not.toContain('sesame')
    await host().exec('systemctl stop shopper.service')
  })

  test('S32 roles are taken, tried, put back in one transaction and taken back', async () => {
    const context = await connect()
    const roles = postgresRoles.spec.parse({})
    const staging = { id: 'r1' }
    await asPostgres(
      host(),
      'postgres',
      `CREATE ROLE "odd; role" LOGIN PASSWORD 'se;cr''et'; COMMENT ON ROLE reader IS 'CREATE ROLE x; -- no'; GRANT reader TO deploy`,
    )
    const facts = (): Promise<string> =>
      asPostgres(
        host(),
        'postgres',
        "SELECT rolname, rolpassword, rolcanlogin, (SELECT string_agg(roleid::regrole::text, ',') FROM pg_auth_members m WHERE m.member = a.oid) FROM pg_authid a WHERE rolname !~ '^pg_' ORDER BY 1",
      )
    const then = await facts()
    const look = await postgresRoles.look(context, roles)
    expect(look, 'roles are there, so a restore backs them up first').toMatchObject({ changedAt: null })
    expect(look.bytes).toBeGreaterThan(0)
    const taken = await snapshot(postgresRoles, context, roles)
    const verified = await postgresRoles.verify(context, roles, taken)
    expect(verified).toMatchObject({ said: 'it was written to its end, with 4 roles' })
    const cut = artefactOf(taken.part, taken.raw.subarray(0, taken.raw.length - 60))
    expect(await codeOf(postgresRoles.verify(context, roles, cut))).toBe('BACKUP_BAD')
    await asPostgres(
      host(),
      'postgres',
      `DROP ROLE "odd; role"; ALTER ROLE deploy PASSWORD 'other'; REVOKE reader FROM deploy; CREATE ROLE younger`,
    )
    const now = await facts()
    expect((await postgresRoles.drill(context, roles, taken)).map(({ ok }) => ok)).toEqual([true])
    expect(await facts()).toBe(now)
    await postgresRoles.stage(context, roles, taken, staging)
    await postgresRoles.stage(context, roles, taken, staging)
    expect((await postgresRoles.check(context, roles, taken.part, staging)).map(({ ok }) => ok)).toEqual([true])
    expect(await facts()).toBe(now)
    await postgresRoles.swap(context, roles, staging)
    await postgresRoles.swap(context, roles, staging)
    expect(await postgresRoles.stagedState(context, roles, staging)).toBe('swapped')
    expect((await facts()).replace(/^younger.*\n/m, '')).toBe(then)
    await postgresRoles.discard(context, roles, staging)
    await postgresRoles.swapBack(context, roles, staging)
    expect((await facts()).replace('|reader', '|')).toBe(now)
    expect(await postgresRoles.stagedState(context, roles, staging)).toBe('staged')
    await postgresRoles.swap(context, roles, staging)
    await postgresRoles.dropOld(context, roles, staging)
    expect((await databases()).filter(name => name.startsWith('quarterdeck'))).toEqual([])
    expect((await facts()).replace(/^younger.*\n/m, '')).toBe(then)
  })

  // it is slow and the same everywhere: once is enough
  const rolesToo = suite === 'bullseye' ? test : undefined
  rolesToo?.(
    'S32 roles killed in every step, at 10 moments, are all old or all new',
    async () => {
      const roles = postgresRoles.spec.parse({})
      const limit = (to: number): Promise<string> =>
        patient(() =>
          asPostgres(
            host(),
            'postgres',
            `ALTER ROLE reader CONNECTION LIMIT ${to}; ALTER ROLE deploy CONNECTION LIMIT ${to}`,
          ),
        )
      await limit(22)
      const { artefact } = await take(postgresRoles, await ready(host(), root), roles)
      const { wrong, ends, killed } = await killRestores({
        ...{ host: host(), type: postgresRoles, spec: roles, artefact, options: root, times: 10 },
        kills: [itsProcesses, () => "pkill -9 -f '[p]ostgres:.*checkpointer' || true"],
        reset: async () => void (await limit(11)),
        present: async () => {
          const sql =
            "SELECT string_agg(DISTINCT rolconnlimit::text, ' ') FROM pg_roles WHERE rolname IN ('reader', 'deploy')"
          const found = (await patient(() => asPostgres(host(), 'postgres', sql))).trim()
          return found === '11' ? 'old' : found === '22' ? 'new' : found
        },
        leftovers: async () => (await patient(databases)).filter(name => name.startsWith('quarterdeck')).join(),
      })
      expect(wrong).toEqual([])
      expect(ends.old + ends.new).toBe(10)
      expect(Object.values(killed).every(count => count > 0)).toBe(true)
      await limit(-1)
    },
    120_000,
  )

  test('all databases are those that are there, each a part that can be restored by itself', async () => {
    const context = await connect()
    await asPostgres(host(), 'postgres', `CREATE DATABASE "Other One" OWNER deploy`)
    await asPostgres(host(), 'Other One', 'CREATE TABLE t AS SELECT 1 AS n')
    await asPostgres(host(), 'postgres', 'CREATE DATABASE quarterdeck_drill_1_00000000')
    await asPostgres(host(), 'postgres', 'CREATE DATABASE shop_qd_r1_old')
    const all = spec({ database: '', except: ['postgres', 'lost'] })
    expect(postgres.label(all)).toBe('all databases')
    const parts = (await postgres.expand?.(context, all)) ?? []
    expect(parts.map(({ key, spec: its }) => [key.replace(/-[0-9a-f]{6,}$/, '-…'), its.database])).toEqual([
      ['other-one-…', 'Other One'],
      ['shop', 'shop'],
    ])
    expect(await postgres.expand?.(context, spec())).toBe(null)
    const its = parts[0]?.spec ?? spec()
    const taken = await snapshot(postgres, context, its)
    expect(taken.part.tables).toEqual([{ name: 'public.t', rows: 1 }])
    expect((await postgres.drill(context, its, taken)).map(({ ok }) => ok)).toEqual([true, true, true])
    for (const name of ['Other One', 'quarterdeck_drill_1_00000000', 'shop_qd_r1_old'])
      await asPostgres(host(), 'postgres', `DROP DATABASE IF EXISTS "${name}"`)
  })

  test('fails honestly where the dump is killed, and leaves no session', async () => {
    const context = await connect()
    const dump = await postgres.dump(context, spec(), { compression: 'none' })
    await host().exec('until pkill -KILL -x pg_dump; do sleep 0.01; done')
    expect(await codeOf(bytesOf(dump.stream))).not.toBe('none')
    await expect(dump.ended).rejects.toThrow()
    const sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'quarterdeck'"
    for (let tries = 0; (await asPostgres(host(), 'postgres', sessions)) !== '0\n'; tries++) {
      if (tries > 50) throw new Error('a session is left')
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  })
})
