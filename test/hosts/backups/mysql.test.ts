// The kind `mysql` on a real MariaDB: dumped while written to, proven, restored by one statement or not at all.
import type { Readable } from 'node:stream'
import { beforeAll, expect, test } from 'vitest'
import { mysql } from '../../../src/engine/backups/mysql.ts'
import type { SourceContext } from '../../../src/engine/backups/source.ts'
import { sharedHost } from '../lib/vitest.ts'
import { codeOf, type LinkOptions, ready } from '../remote/support.ts'
import { artefactOf, bytesOf, patient, snapshot, sourceContext } from './database-support.ts'
import { itsProcesses, killRestores } from './killed-restore.ts'
import { take } from './source-support.ts'

const host = sharedHost({ suite: 'bullseye' })
const spec = (changes: object = {}) => mysql.spec.parse({ database: 'shop', ...changes })
const root = async (sql: string): Promise<string> => (await host().exec(['mysql', '-N', '-B', '-e', sql])).stdout
const connect = async (
  options: LinkOptions & { secretFields?: Record<string, string> } = {},
): Promise<SourceContext> => {
  const all = { sudo: 'passwordless' as const, ...options }
  return sourceContext(host(), await ready(host(), all), all)
}
const login = { user: 'deploy', sudo: 'passwordless' } as const
const secret = `pa"ss\\wo'rd`

beforeAll(async () => {
  // killed, it comes up again by itself; in five seconds, if nobody asks for less
  await host().writeFile('/etc/systemd/system/mariadb.service.d/soon.conf', '[Service]\nRestartSec=100ms\n')
  await host().exec('systemctl daemon-reload; systemctl start mariadb')
  await host().writeFile(
    '/tmp/shop.sql',
    `CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; USE shop;
CREATE TABLE customers (id int PRIMARY KEY AUTO_INCREMENT, name varchar(100) NOT NULL UNIQUE);
CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, customer int NOT NULL, note text, raw blob, FOREIGN KEY (customer) REFERENCES customers (id));
CREATE TABLE \`odd \`\`name\` (n int); CREATE TABLE empty (n int);
INSERT INTO customers (name) SELECT CONCAT('customer ', seq) FROM seq_1_to_500;
INSERT INTO orders (customer, note, raw) SELECT 1 + seq % 500, ELT(1 + seq % 4, NULL, '', 'it''s (1),(2);\\n"quoted" \\\\', 'ä)('), UNHEX('00272829') FROM seq_1_to_20000;
INSERT INTO \`odd \`\`name\` VALUES (1), (2), (3);
CREATE USER deploy@'127.0.0.1' IDENTIFIED BY '${secret.replace(/\\/g, '\\\\').replaceAll("'", "''")}'; GRANT ALL ON *.* TO deploy@'127.0.0.1';`,
  )
  await host().exec('until mysqladmin ping >/dev/null 2>&1; do sleep 0.2; done; mysql < /tmp/shop.sql')
}, 120_000)

const facts = [
  { name: 'customers', rows: 500 },
  { name: 'empty', rows: 0 },
  { name: 'odd `name', rows: 3 },
  { name: 'orders', rows: 20_000 },
]

test('is looked at, dumped, verified at every cut, and proven by a drill that leaves nothing', async () => {
  const context = await connect()
  const look = await mysql.look(context, spec())
  expect(look.identity).toMatch(/^server .+, database shop$/)
  expect(look.tables).toEqual(facts)
  const taken = await snapshot(mysql, context, spec())
  const verified = await mysql.verify(context, spec(), taken)
  expect(verified).toMatchObject({ said: 'it was written to its end, with 20503 rows in 4 tables' })
  expect(typeof verified === 'string' ? [] : [...(verified.tables ?? [])]).toEqual(facts)
  for (let cut = 1; cut <= 20; cut++) {
    const raw = taken.raw.subarray(0, Math.floor((taken.raw.length * cut) / 21))
    expect(await codeOf(mysql.verify(context, spec(), artefactOf(taken.part, raw)))).toBe('BACKUP_BAD')
  }
  expect((await mysql.drill(context, spec(), taken)).map(({ ok, text }) => [ok, text])).toEqual([
    [true, expect.stringMatching(/^Restored into the scratch database quarterdeck_drill_/)],
    [true, '4 tables with 20503 rows, as in the snapshot'],
  ])
  // a hash of its own and an end, and still it cannot be restored
  const wrong = Buffer.from(taken.raw.toString('latin1').replace("'customer 2'", "'customer 1'"), 'latin1')
  expect(await mysql.drill(context, spec(), artefactOf(taken.part, wrong))).toEqual([
    { ok: false, text: expect.stringMatching(/cannot be restored.*Duplicate entry/) },
  ])
  expect(await root('SHOW DATABASES')).not.toContain('quarterdeck')
}, 60_000)

test('every row that was acknowledged before the start is in a dump that is taken while a bot writes', async () => {
  const context = await connect()
  await root('CREATE TABLE shop.writes (n int PRIMARY KEY) ENGINE=InnoDB')
  await host().exec(
    '{ seq 1 1000000 | sed "s/.*/INSERT INTO writes VALUES (&); DO SLEEP(0.002);/" | mysql -n shop; } >/dev/null 2>&1 &',
  )
  for (let round = 0; round < 3; round++) {
    await new Promise(resolve => setTimeout(resolve, 300))
    const before = Number(await root('SELECT COUNT(*) FROM shop.writes'))
    const taken = await snapshot(mysql, context, spec())
    const verified = await mysql.verify(context, spec(), taken)
    const tables = typeof verified === 'string' ? [] : (verified.tables ?? [])
    const rows = tables.find(({ name }) => name === 'writes')?.rows ?? 0
    expect(rows).toBeGreaterThanOrEqual(before)
    const [name, id] = [`there ${round}`, { id: `there${round}` }]
    expect(await mysql.restoreTo(context, spec(), taken, name, id)).toBe(`database ${name} on port 3306`)
    expect(await mysql.settleTo(context, spec(), name, id)).toBe(true)
    expect(await root(`SHOW TABLES FROM \`${name}\` LIKE '%quarterdeck%'`)).toBe('')
    expect(Number(await root(`SELECT COUNT(*) = MAX(n) AND COUNT(*) = ${rows} FROM \`there ${round}\`.writes`))).toBe(1)
    expect(await codeOf(mysql.restoreTo(context, spec(), taken, name, { id: 'other' }))).toBe('CONFLICT')
    expect(await mysql.settleTo(context, spec(), name, { id: 'other' })).toBe(false)
    expect(Number(await root(`SELECT COUNT(*) FROM \`${name}\`.writes`))).toBe(rows)
    await root(`DROP DATABASE \`there ${round}\``)
  }
  // one that cannot be marked, for so long a name, is not left there
  const taken = await snapshot(mysql, context, spec())
  const unmarked = mysql.restoreTo(context, spec(), taken, 'unmarked', { id: 'x'.repeat(60) })
  await expect(unmarked).rejects.toThrow(/could not be marked as half-done/)
  expect(await root("SHOW DATABASES LIKE 'unmarked'")).toBe('')
  await host().exec("pkill -f '[m]ysql -n shop' || true")
  await root('DROP TABLE shop.writes')
}, 60_000)

test('S32 is staged, checked, swapped, put back and swapped again, and what was in place is never removed', async () => {
  const context = await connect()
  const staging = { id: 'r1' }
  const plain = await snapshot(mysql, context, spec())
  const taken = artefactOf({ ...plain.part, tables: facts }, plain.raw)
  await root('DELETE FROM shop.orders WHERE id > 100; CREATE TABLE shop.later (n int)')
  const orders = async (): Promise<number> => Number(await root('SELECT COUNT(*) FROM shop.orders'))
  expect(await mysql.stagedState(context, spec(), staging)).toBe('nothing')
  expect(await codeOf(mysql.swap(context, spec(), staging))).toBe('CONFLICT')
  await mysql.stage(context, spec(), taken, staging)
  await mysql.stage(context, spec(), taken, staging)
  expect(await mysql.check(context, spec(), taken.part, staging)).toEqual([
    { ok: true, text: '4 tables with 20503 rows, as in the snapshot' },
  ])
  expect(await mysql.stagedState(context, spec(), staging)).toBe('staged')
  expect(await orders()).toBe(100)
  expect(await mysql.swap(context, spec(), staging)).toEqual({ kept: 'shop_qd_r1_old' })
  expect(await mysql.swap(context, spec(), staging)).toEqual({ kept: 'shop_qd_r1_old' })
  expect(await mysql.stagedState(context, spec(), staging)).toBe('swapped')
  expect(await orders()).toBe(20_000)
  await expect(root('INSERT INTO shop.orders (customer) VALUES (9999)')).rejects.toThrow(/foreign key/)
  await mysql.discard(context, spec(), staging)
  expect(await orders()).toBe(20_000)
  await mysql.swapBack(context, spec(), staging)
  await mysql.swapBack(context, spec(), staging)
  expect(await orders()).toBe(100)
  expect(await root('SHOW TABLES FROM shop')).toContain('later')
  expect(await mysql.stagedState(context, spec(), staging)).toBe('staged')
  await mysql.swap(context, spec(), staging)
  await mysql.dropOld(context, spec(), staging)
  await mysql.dropOld(context, spec(), staging)
  expect(await orders()).toBe(20_000)
  expect((await root('SHOW TABLES FROM shop')).trim().split('\n')).toEqual(facts.map(({ name }) => name))
  expect(await root("SHOW DATABASES LIKE 'shop%'")).toBe('shop\n')
}, 60_000)

test('S32 killed in every step, at 50 moments, it is all old or all new', async () => {
  const link = await ready(host(), login)
  const fill =
    "CREATE OR REPLACE TABLE t AS SELECT 'new' AS v, seq AS n FROM seq_1_to_2000; CREATE OR REPLACE TABLE other AS SELECT * FROM t"
  await root(`CREATE DATABASE killed; USE killed; ${fill}`)
  const its = spec({ database: 'killed' })
  const { artefact } = await take(mysql, link, its)
  const { wrong, ends, killed } = await killRestores({
    ...{ host: host(), type: mysql, spec: its, artefact, options: login, times: 50 },
    kills: [
      itsProcesses,
      () => "pkill -9 -x 'mysql|mariadb' || true",
      // it comes up again by itself, with what it had written down
      () => "pkill -9 -x 'mysqld|mariadbd' || true",
    ],
    reset: async () =>
      void (await patient(() =>
        root(
          `USE killed; ${fill}; UPDATE t SET v = 'old'; UPDATE other SET v = 'old'; CREATE OR REPLACE TABLE later (n int)`,
        ),
      )),
    present: async () => {
      const found = await patient(() =>
        root(
          "SELECT CONCAT(v, COUNT(*)) FROM killed.t GROUP BY v; SELECT CONCAT(v, COUNT(*)) FROM killed.other GROUP BY v; SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'killed' AND TABLE_NAME NOT LIKE '\\_quarterdeck%' ORDER BY 1",
        ),
      )
      const names = { 'old2000\nold2000\nlater\nother\nt\n': 'old', 'new2000\nnew2000\nother\nt\n': 'new' } as const
      return names[found as keyof typeof names] ?? found
    },
    leftovers: async () =>
      (
        await patient(() => root("SHOW DATABASES LIKE '%\\_qd\\_%'; SHOW TABLES FROM killed LIKE '%quarterdeck%'"))
      ).trim(),
  })
  expect(wrong).toEqual([])
  expect(ends.old + ends.new).toBe(50)
  expect(Object.values(killed).every(count => count > 0)).toBe(true)
  await root('DROP DATABASE killed')
}, 300_000)

test('S32 half of a rename, which an old server that is killed may leave, is taken back by whoever looks next', async () => {
  const context = await connect()
  const its = spec({ database: 'halved' })
  await root("CREATE DATABASE halved; CREATE TABLE halved.a SELECT 'new' AS v; CREATE TABLE halved.b SELECT 'new' AS v")
  const taken = await snapshot(mysql, context, its)
  await root("UPDATE halved.a SET v = 'old'; UPDATE halved.b SET v = 'old'; CREATE TABLE halved.own SELECT 'old' AS v")
  const tables = async (): Promise<string> =>
    root(
      "SELECT GROUP_CONCAT(v) FROM (SELECT v FROM halved.a UNION ALL SELECT v FROM halved.b) both_; SHOW TABLES FROM halved LIKE 'own'",
    )
  const staging = { id: 'half' }
  const [staged, old] = ['halved_qd_half_new', 'halved_qd_half_old']
  const forth = [
    'halved.a TO OLD.a',
    'halved.b TO OLD.b',
    'halved.own TO OLD.own',
    'NEW.a TO halved.a',
    'NEW.b TO halved.b',
  ]
  const back = [
    'halved.a TO NEW.a',
    'halved.b TO NEW.b',
    'OLD.a TO halved.a',
    'OLD.b TO halved.b',
    'OLD.own TO halved.own',
  ]
  const steps = (all: readonly string[], count: number): string =>
    all
      .slice(0, count)
      .map(one => `RENAME TABLE ${one.replaceAll('OLD', old).replaceAll('NEW', staged)};`)
      .join('')
  await mysql.stage(context, its, taken, staging)
  // the list of what was there, as a swap writes it before it begins
  await mysql.swap(context, its, staging)
  await mysql.swapBack(context, its, staging)
  for (let count = 1; count <= forth.length; count++) {
    await root(`CREATE DATABASE IF NOT EXISTS ${old}; ${steps(forth, count)}`)
    expect(await mysql.stagedState(context, its, staging), `${count} steps forth`).toBe('staged')
    expect(await tables()).toBe('old,old\nown\n')
  }
  for (let count = 1; count <= back.length; count++) {
    await mysql.swap(context, its, staging)
    await root(`CREATE DATABASE IF NOT EXISTS ${staged}; ${steps(back, count)}`)
    expect(await mysql.stagedState(context, its, staging), `${count} steps back`).toBe('staged')
    expect(await tables()).toBe('old,old\nown\n')
  }
  await mysql.swap(context, its, staging)
  expect(await tables()).toBe('new,new\n')
  await mysql.dropOld(context, its, staging)
  await root('DROP DATABASE halved')
}, 120_000)

test('one table is given out as CSV, all databases become parts, and what a unit uses is proposed', async () => {
  const context = await connect()
  await root(
    "CREATE OR REPLACE TABLE shop.kinds (a int, t text, `c,d` varchar(9), b bit(9), at datetime, g int AS (a * 2)); INSERT INTO shop.kinds (a, t, `c,d`, b, at) VALUES (1, 'two\\nlines, \"quoted\" it''s \\\\ ;), (', 'ä', b'101', '2026-05-05 01:02:03'), (NULL, '', NULL, NULL, NULL), (-3, 'NULL', ')', b'0', NULL)",
  )
  const taken = await snapshot(mysql, context, spec())
  const csv = async (table: string): Promise<string> =>
    (await bytesOf((await mysql.extract?.(context, taken, table)) as Readable)).toString('utf8')
  expect(await csv('kinds')).toBe(
    `a,t,"c,d",b,at,g\r\n1,"two\nlines, ""quoted"" it's \\ ;), (",ä,0x0005,2026-05-05 01:02:03,2\r\n,"",,,,\r\n-3,NULL,),0x0000,,-6\r\n`,
  )
  expect(await csv('odd `name')).toBe('n\r\n1\r\n2\r\n3\r\n')
  expect(await csv('empty')).toBe('n\r\n')
  expect(await codeOf(csv('nothing'))).toBe('NOT_FOUND')
  expect((await csv('orders')).split('\r\n')).toHaveLength(20_002)
  await root('DROP TABLE shop.kinds; CREATE DATABASE `Other One`; CREATE DATABASE quarterdeck_drill_1_00000000')
  const all = spec({ database: '', except: ['nothing'] })
  const parts = (await mysql.expand?.(context, all)) ?? []
  expect(parts.map(({ key, spec: its }) => [key.replace(/-[0-9a-f]{6,}$/, '-…'), its.database])).toEqual([
    ['other-one-…', 'Other One'],
    ['shop', 'shop'],
  ])
  expect(await mysql.expand?.(context, spec())).toBe(null)
  await root('DROP DATABASE `Other One`; DROP DATABASE quarterdeck_drill_1_00000000')
  const space = await mysql.space(context, spec(), taken.part)
  expect(space?.free).toBeGreaterThan(1e8)
  expect(space?.needs).toBeGreaterThan(taken.part.rawBytes)

  const unit = { scope: 'system' as const, name: 'shopper.service' }
  await host().writeFile(
    '/etc/systemd/system/shopper.service',
    `[Unit]\nWants=mariadb.service\n[Service]\nUser=deploy\nExecStart=/bin/sh -c 'exec mysql shop -e "SELECT SLEEP(600)"'\n`,
  )
  await root('CREATE USER deploy@localhost IDENTIFIED VIA unix_socket; GRANT ALL ON shop.* TO deploy@localhost')
  await host().exec('systemctl daemon-reload')
  const proposed = async () =>
    (await mysql.propose?.(context, unit))?.map(({ source, reason }) => [source.key, source.spec.database, reason])
  expect(await proposed()).toEqual([
    ['mysql-shop', 'shop', 'shopper.service needs its server, and deploy may write to it'],
  ])
  await host().exec('systemctl start shopper.service')
  await expect
    .poll(proposed)
    .toEqual([['mysql-shop', 'shop', 'shopper.service is connected to its server, and it is in use there']])
  await host().exec('systemctl stop shopper.service')
  await root('DROP USER deploy@localhost')
}, 60_000)

test('S28 uses a password that nobody on the host can see, refuses what a rename would lose, and fails honestly', async () => {
  const context = await connect({ user: 'norights', sudo: 'none', secretFields: { password: secret } })
  const tcp = spec({ address: '127.0.0.1', user: 'deploy' })
  await host().exec(
    `while [ ! -e /tmp/seen-enough ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -a 'pa[\\\\]*["]ss' >>/tmp/seen; done >/dev/null 2>&1 &`,
  )
  await root('DROP DATABASE IF EXISTS mine; DROP VIEW IF EXISTS shop.rich')
  const taken = await snapshot(mysql, context, tcp)
  expect(await mysql.restoreTo(context, tcp, taken, 'mine', { id: 'mine' })).toContain('database mine at 127.0.0.1')
  await host().exec('touch /tmp/seen-enough; sleep 0.5')
  expect((await host().exec('cat /tmp/seen')).stdout).toBe('')
  const wrong = await connect({ user: 'norights', sudo: 'none', secretFields: { password: 'no' } })
  expect(await codeOf(mysql.look(wrong, tcp))).toBe('ACCESS_DENIED')
  expect(await codeOf(mysql.look(wrong, spec()))).toBe('SUDO_MISSING')
  expect(await codeOf(snapshot(mysql, await connect(), spec({ database: 'nowhere' })))).not.toBe(undefined)
  await root('CREATE VIEW shop.rich AS SELECT customer FROM shop.orders')
  expect(await codeOf(mysql.stage(await connect(), spec(), taken, { id: 'r3' }))).toBe('UNSUPPORTED')
  expect(await root("SHOW DATABASES LIKE 'shop%'")).toBe('shop\n')
  // held up by a lock, so that it is there to be killed
  await host().exec("mysql -e 'LOCK TABLES shop.orders WRITE; SELECT SLEEP(60)' >/dev/null 2>&1 &")
  await expect.poll(() => root("SHOW OPEN TABLES WHERE In_use > 0 AND `Table` = 'orders'")).not.toBe('')
  const dump = await mysql.dump(await connect(), spec(), { compression: 'none' })
  await host().exec(
    'timeout 60 sh -c \'until pkill -KILL "mysqldump|mariadb-dump"; do sleep 0.05; done\'; pkill -x mysql || true',
  )
  await bytesOf(dump.stream).catch(() => {})
  await expect(dump.ended).rejects.toThrow()
}, 180_000)
