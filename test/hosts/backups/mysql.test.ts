// The kind `mysql` on a real MariaDB: dumped while written to, proven, restored by one statement or not at all.
import { beforeAll, expect, test } from 'vitest'
import { mysql } from '../../../src/engine/backups/mysql.ts'
import type { SourceContext } from '../../../src/engine/backups/source.ts'
import { sharedHost } from '../lib/vitest.ts'
import { codeOf, type LinkOptions, ready } from '../remote/support.ts'
import { artefactOf, bytesOf, snapshot, sourceContext } from './database-support.ts'

const host = sharedHost({ suite: 'bullseye' })
const spec = (changes: object = {}) => mysql.spec.parse({ database: 'shop', ...changes })
const root = async (sql: string): Promise<string> => (await host().exec(['mysql', '-N', '-B', '-e', sql])).stdout
const connect = async (
  options: LinkOptions & { secretFields?: Record<string, string> } = {},
): Promise<SourceContext> => {
  const all = { sudo: 'passwordless' as const, ...options }
  return sourceContext(host(), await ready(host(), all), all)
}
const secret = `pa"ss\\wo'rd`

beforeAll(async () => {
  await host().exec('systemctl start mariadb')
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
    expect(await mysql.restoreTo(context, spec(), taken, `there ${round}`)).toBe(`database there ${round} on port 3306`)
    expect(Number(await root(`SELECT COUNT(*) = MAX(n) AND COUNT(*) = ${rows} FROM \`there ${round}\`.writes`))).toBe(1)
    expect(await codeOf(mysql.restoreTo(context, spec(), taken, `there ${round}`))).toBe('CONFLICT')
    await root(`DROP DATABASE \`there ${round}\``)
  }
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

test('S32 killed at any moment it is all old or all new', async () => {
  const calm = await connect()
  const staging = { id: 'r2' }
  const taken = await snapshot(mysql, calm, spec())
  await root('DELETE FROM shop.orders WHERE id > 100')
  for (let round = 0; round < 8; round++) {
    const context = await connect()
    const work = (async () => {
      await mysql.stage(context, spec(), taken, staging)
      await mysql.swap(context, spec(), staging)
    })().catch(error => error)
    await new Promise(resolve => setTimeout(resolve, round * 250))
    if (round % 2 === 0) context.link.stop()
    else await host().exec("pkill -KILL -x 'mysql|mariadb' || true")
    await work
    const after = await connect()
    const state = await mysql.stagedState(after, spec(), staging)
    expect(Number(await root('SELECT COUNT(*) FROM shop.orders')), state).toBe(state === 'swapped' ? 20_000 : 100)
    if (state === 'swapped') await mysql.swapBack(after, spec(), staging)
    // what a killed script still does on the host, such as dropping what it made
    await host().exec("while pgrep -x 'mysql|mariadb' >/dev/null; do sleep 0.1; done")
    await mysql.discard(after, spec(), staging)
    expect(await root("SHOW DATABASES LIKE 'shop%'")).toBe('shop\n')
    expect(Number(await root('SELECT COUNT(*) FROM shop.orders'))).toBe(100)
  }
}, 120_000)

test('S28 uses a password that nobody on the host can see, refuses what a rename would lose, and fails honestly', async () => {
  const context = await connect({ user: 'norights', sudo: 'none', secretFields: { password: secret } })
  const tcp = spec({ address: '127.0.0.1', user: 'deploy' })
  await host().exec(
    `while [ ! -e /tmp/seen-enough ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -a 'pa[\\\\]*["]ss' >>/tmp/seen; done >/dev/null 2>&1 &`,
  )
  await root('DROP DATABASE IF EXISTS mine; DROP VIEW IF EXISTS shop.rich')
  const taken = await snapshot(mysql, context, tcp)
  expect(await mysql.restoreTo(context, tcp, taken, 'mine')).toContain('database mine at 127.0.0.1')
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
