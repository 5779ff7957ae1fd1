// A Redis server's data as the file that it saves, checked to its last byte, tried in a server of its own; knows no target and no schedule.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { TableFact } from '../../shared/model/backup.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { sleep } from '../lib/clock.ts'
import { quoteWord } from '../parse/quote.ts'
import { RdbError, type RdbFacts, RdbReader } from '../parse/rdb.ts'
import { askHost } from './pipe/ask-host.ts'
import { openHostPipe, streamOf } from './pipe/host-pipe.ts'
import { feedHost } from './pipe/host-sink.ts'
import { type Ask, readInfo, withRedis } from './pipe/redis-client.ts'
import { redisCheck, redisDrill, redisRead, redisRoom, redisStage } from './pipe/redis-script.ts'
import { Swap } from './pipe/swap.ts'
import { unitConnections } from './pipe/unit-script.ts'
import { type Artefact, backupSourceType, type SourceContext, type Staging } from './source.ts'

const spec = z.object({
  address: z.string().trim().min(1).max(400).default('127.0.0.1').meta({
    title: 'Address',
    description: 'As seen from the host; a path like /run/redis/redis.sock is a socket',
  }),
  port: z.number().int().min(1).max(65_535).default(6_379).meta({ title: 'Port' }),
  user: z.string().trim().max(100).default('').meta({ title: 'User', description: 'Empty is the default user' }),
  password: z.string().optional().meta({ title: 'Password', description: 'Kept in the vault', secret: true }),
  path: z
    .string()
    .trim()
    .regex(/^\/[^\0\n]*[^/\0\n]$/, 'A whole path like /var/lib/redis/dump.rdb')
    .max(4_000)
    .default('/var/lib/redis/dump.rdb')
    .meta({ title: 'File', description: 'Where it saves: dir and dbfilename of its settings' }),
  unit: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9:_.@][A-Za-z0-9:_.\\@-]{0,254}$/, 'Not the name of a service')
    .default('redis-server.service')
    .meta({ title: 'Service', description: 'Stopped and started by a restore' }),
})
type Spec = z.output<typeof spec>

const saveMs = 30 * 60_000
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
const whereOf = ({ address, port }: Spec): string => (address.startsWith('/') ? address : `${address}:${port}`)
const identityOf = (its: Spec): string => `redis at ${whereOf(its)}, ${its.path}`
const asRoot = ({ sudo, host }: SourceContext): boolean => sudo || host.user === 'root'
const swapOf = (context: SourceContext, its: Spec, staging: Staging): Swap =>
  new Swap(context, folderOf(its.path), staging, asRoot(context))
/** A link to what was staged: the server puts new files in its place, and the way back has to know it again. */
const keptOf = (its: Spec, { id }: Staging): string =>
  `${folderOf(its.path)}/.${nameOf(its.path)}.quarterdeck-kept-${id}`

export const redis = backupSourceType({
  type: 'redis',
  title: 'Redis',
  description: 'All databases of a Redis or Valkey server, by the file that it saves.',
  spec,
  label: whereOf,

  look: (context, its) =>
    withRedis(context, its, async ask => {
      await agrees(ask, its)
      const info = readInfo(await ask('INFO'))
      const saved = Number(info.get('rdb_last_save_time')) * 1_000
      return {
        identity: identityOf(its),
        place: `Redis at ${whereOf(its)}`,
        bytes: Number(info.get('used_memory') ?? 0),
        changedAt: info.get('rdb_changes_since_last_save') === '0' && saved > 0 ? saved : null,
        versions: [versionOf(info)],
        tables: keyspace(info),
        schemas: {},
      }
    }),

  async dump(context, its, options) {
    const { saved, version, bytes } = await withRedis(context, its, ask => save(context, ask, its))
    const pipe = await openHostPipe(context, {
      argv: ['sh', '-c', redisRead, 'sh', its.path, String(saved)],
      what: `The reading of ${its.path}`,
      compression: options.compression,
      sudo: asRoot(context),
    })
    const ended = pipe.ended.then(({ sha256 }) => ({
      ...{ sha256, identity: identityOf(its), versions: [version], tables: [], notes: [] },
    }))
    ended.catch(() => {})
    return { ...streamOf(pipe), extension: 'rdb', totalBytes: bytes, ended }
  },

  async verify(context, _its, artefact) {
    const facts = await readRdb(context, artefact)
    const tables = tablesOf(facts)
    const sum = facts.checksum ? 'its checksum is right' : 'it ends where it should (the server writes no checksum)'
    if (tables === null) return { said: `${sum}; its keys are of kinds that cannot be counted here`, tables: [] }
    const keys = tables.reduce((total, { rows }) => total + (rows ?? 0), 0)
    return { said: `${sum}; ${keys} keys in ${tables.length} databases were read`, tables }
  },

  async drill(context, _its, artefact) {
    const facts = await readRdb(context, artefact)
    try {
      const end = await feedHost(context, {
        argv: ['sh', '-c', redisDrill, 'sh', String(artefact.part.rawBytes)],
        what: 'Loading it into a server of its own',
        input: await artefact.open(context.signal),
      })
      const found = end.facts.filter(({ key }) => key === 'keys').map(({ value }) => value.split(' ').map(Number))
      const now = found.map(([database, rows = 0]) => ({ name: `db${database}`, rows }))
      return [
        { ok: true, text: 'Loaded into a server of its own, which is gone again' },
        compareKeys(tablesOf(facts) ?? artefact.part.tables, now),
      ]
    } catch (caught) {
      const error = AppError.from(caught)
      if (!['BACKUP_BAD', 'COMMAND_FAILED', 'UNSUPPORTED', 'DISK_FULL'].includes(error.code)) throw error
      return [{ ok: false, text: error.message }]
    }
  },

  async items(_context, artefact) {
    return artefact.part.tables.map(({ name, rows }) => ({
      ...{ path: name, kind: 'database' as const, bytes: null, rows, modifiedAt: null },
    }))
  },

  plan: its => [
    `Put the file beside ${its.path} and let redis-check-rdb read it`,
    `Stop ${its.unit}, which saves what is in it now`,
    `Put the new file in the place of ${its.path}, and keep the old one beside it`,
    `Start ${its.unit}`,
  ],

  async space(context, its, part) {
    const { text } = await askHost(context, 'The look at the disk', ['sh', '-c', redisRoom, 'sh', folderOf(its.path)], {
      sudo: asRoot(context),
    })
    return { needs: part.rawBytes * 2, free: /^\d+\s*$/.test(text) ? Number(text) : null }
  },

  async stage(context, its, artefact, staging) {
    await withRedis(context, its, async ask => {
      await agrees(ask, its)
      if (readInfo(await ask('INFO', 'persistence')).get('aof_enabled') === '1')
        throw new AppError(
          'UNSUPPORTED',
          'This server starts from its append-only file and would not read the restored one',
          {
            hint: 'Restore to another place, then load that file by hand; or turn appendonly off first.',
          },
        )
    })
    const swap = swapOf(context, its, staging)
    await swap.open()
    await feedHost(context, {
      argv: ['sh', '-c', redisStage, 'sh', swap.folder, nameOf(its.path), its.path],
      what: 'The staging',
      input: await artefact.open(context.signal),
      sudo: asRoot(context),
    })
    await swap.staged([{ from: nameOf(its.path), path: its.path }])
    await asHost(context, 'The staging', 'ln -f -- "$1" "$2"', swap.beside(its.path, 'new'), keptOf(its, staging))
  },

  async check(context, its, part, staging) {
    const file = swapOf(context, its, staging).beside(its.path, 'new')
    const { exit, text } = await askHost(context, 'redis-check-rdb', ['sh', '-c', redisCheck, 'sh', file], {
      ...{ sudo: asRoot(context), accept: [0, 1, 9], timeout: saveMs },
    })
    if (exit === 9) return [{ ok: true, text: 'There is no redis-check-rdb on the host; its checksum was right here' }]
    if (exit !== 0) return [{ ok: false, text: `redis-check-rdb refuses it: ${text.trim().slice(-300)}` }]
    const keys = /(\d+) keys read/.exec(text)?.[1]
    const then = part.tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0)
    return [
      {
        ok: keys === undefined || Number(keys) === then,
        text: `redis-check-rdb reads ${keys ?? 'all'} keys of ${then}`,
      },
    ]
  },

  async swap(context, its, staging) {
    const [kept = null] = await swapOf(context, its, staging).swap(
      `systemctl stop ${quoteWord(its.unit)}`,
      startOf(its),
    )
    return { kept }
  },

  async swapBack(context, its, staging) {
    const swap = swapOf(context, its, staging)
    if ((await swap.state()) === 'swapped') {
      // its last save goes over the new file, and never over the old one
      const again = 'systemctl stop "$3" && ln -f -- "$2" "$1.quarterdeck" && mv -fT -- "$1.quarterdeck" "$1"'
      await asHost(context, 'Stopping the server', again, its.path, keptOf(its, staging), its.unit)
      await swap.back()
    }
    await asHost(context, 'Starting the server', 'systemctl start "$1"', its.unit)
  },

  stagedState: (context, its, staging) => swapOf(context, its, staging).state(),

  async discard(context, its, staging) {
    const swap = swapOf(context, its, staging)
    await swap.discard()
    if ((await swap.state()) === 'swapped') return
    // a kill may have left the server stopped
    await asHost(context, 'The clean-up', 'rm -f -- "$1"; systemctl start "$2"', keptOf(its, staging), its.unit)
  },

  async dropOld(context, its, staging) {
    await swapOf(context, its, staging).dropOld()
    await asHost(context, 'The clean-up', 'rm -f -- "$1"', keptOf(its, staging))
  },

  async restoreTo(context, its, artefact, place) {
    if (!/^\/[^\0\n]*[^/\0\n]$/.test(place))
      throw new AppError('INVALID_INPUT', 'A whole path of a new folder is needed')
    const file = `${place}/${nameOf(its.path)}`
    await feedHost(context, {
      argv: ['sh', '-c', 'mkdir -m 700 -- "$1" && cat > "$2" || { rm -rf -- "$2"; exit 3; }', 'sh', place, file],
      what: 'The restore',
      input: await artefact.open(context.signal),
    })
    return file
  },

  async propose(context, unit) {
    const seen = await unitConnections(context, unit)
    const server = seen.servers.find(({ program }) => /^(redis|valkey)-server/.test(program))
    const url = seen.urls.find(({ scheme }) => scheme === 'redis')
    const place = server?.place ?? url?.place
    if (place === undefined) return []
    const port = Number(/:(\d+)$/.exec(place)?.[1] ?? 6_379)
    const its = spec.parse(place.startsWith('/') ? { address: place } : { port })
    const path = await withRedis({ ...context, secret: async () => null }, its, settledPath).catch(() => its.path)
    const reason = `${unit.name} ${server === undefined ? 'names it in its environment' : 'is connected to it'}`
    return [{ source: { key: `redis-${port}`, type: 'redis', spec: { ...its, path } }, reason }]
  },
})

const startOf = ({ unit }: Spec): string => `systemctl start ${quoteWord(unit)}`
const versionOf = (info: ReadonlyMap<string, string>): string =>
  `${info.has('valkey_version') ? 'Valkey' : 'Redis'} ${info.get('valkey_version') ?? info.get('redis_version') ?? '?'}`

const keyspace = (info: ReadonlyMap<string, string>): TableFact[] =>
  [...info].flatMap(([name, value]) => {
    const keys = /^keys=(\d+),/.exec(value)?.[1]
    return /^db\d+$/.test(name) && keys !== undefined ? [{ name, rows: Number(keys) }] : []
  })

async function settledPath(ask: Ask): Promise<string> {
  const [, folder] = (await ask('CONFIG', 'GET', 'dir')) as string[]
  const [, file] = (await ask('CONFIG', 'GET', 'dbfilename')) as string[]
  return `${String(folder).replace(/\/$/, '')}/${file}`
}

/** Does the server keep its data where the spec says? */
async function agrees(ask: Ask, its: Spec): Promise<void> {
  const path = await settledPath(ask)
  if (path !== its.path)
    throw new AppError('CONFLICT', `Redis at ${whereOf(its)} saves to ${path}, not to ${its.path}`, {
      hint: 'Correct the file in the settings of this source.',
    })
}

/** Lets the server save, and waits until it has. */
async function save(
  context: SourceContext,
  ask: Ask,
  its: Spec,
): Promise<{ saved: number; version: string; bytes: number | null }> {
  await agrees(ask, its)
  const info = readInfo(await ask('INFO'))
  const used = Number(info.get('used_memory') ?? 0)
  const room = await askHost(context, 'The look at the disk', ['sh', '-c', redisRoom, 'sh', folderOf(its.path)], {
    sudo: asRoot(context),
  })
  if (/^\d+\s*$/.test(room.text) && Number(room.text) < used + 16_777_216)
    throw new AppError('DISK_FULL', `To save, Redis needs up to ${used} bytes, and ${room.text.trim()} are free there`)
  const until = context.clock.monotonic() + saveMs
  const idle = async (): Promise<ReadonlyMap<string, string>> => {
    for (;;) {
      const now = readInfo(await ask('INFO', 'persistence'))
      if (now.get('rdb_bgsave_in_progress') !== '1' && now.get('aof_rewrite_in_progress') !== '1') return now
      if (context.clock.monotonic() > until) throw new AppError('TIMEOUT', 'Redis did not end its save in half an hour')
      await sleep(context.clock, 200, context.signal)
    }
  }
  // one that began before is of too early a moment
  await idle()
  await ask('BGSAVE')
  const now = await idle()
  if (now.get('rdb_last_bgsave_status') !== 'ok')
    throw new AppError('COMMAND_FAILED', 'Redis could not save its data (rdb_last_bgsave_status: err)', {
      hint: 'Its log says why: often memory (vm.overcommit_memory) or the disk.',
    })
  return { saved: Number(now.get('rdb_last_save_time') ?? 0), version: versionOf(info), bytes: null }
}

async function readRdb(context: SourceContext, artefact: Artefact): Promise<RdbFacts> {
  const reader = new RdbReader()
  try {
    for await (const chunk of await artefact.open(context.signal)) reader.feed(chunk as Uint8Array)
    return reader.end()
  } catch (caught) {
    if (!(caught instanceof RdbError)) throw caught
    throw new AppError('BACKUP_BAD', `The dump is damaged: ${caught.message}`, { hint: 'Make a new backup now.' })
  }
}

const tablesOf = ({ keys }: RdbFacts): TableFact[] | null =>
  keys === null ? null : [...keys].map(([database, rows]) => ({ name: `db${database}`, rows }))

function compareKeys(then: readonly TableFact[], now: readonly TableFact[]): Evidence {
  const text = (tables: readonly TableFact[]): string =>
    tables.map(({ name, rows }) => `${name} ${rows}`).join(', ') || 'nothing'
  return text(then) === text(now)
    ? { ok: true, text: `It holds ${text(now)}, as in the snapshot` }
    : { ok: false, text: `It holds ${text(now)} instead of ${text(then)}` }
}

/** A line of sh as root, with its arguments. */
async function asHost(context: SourceContext, what: string, script: string, ...args: string[]): Promise<void> {
  await askHost(context, what, ['sh', '-c', script, 'sh', ...args], { sudo: asRoot(context), timeout: 120_000 })
}
