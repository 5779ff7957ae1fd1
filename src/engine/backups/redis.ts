// A Redis server's data as the file that it saves, checked to its last byte, tried in a server of its own; knows no target and no schedule.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import { serverPassword } from '../lib/server-place.ts'
import { quoteWord } from '../parse/quote.ts'
import { infoNumber, keyspace, redisVersion } from '../parse/redis-info.ts'
import { askHost } from './pipe/ask-host.ts'
import { openHostPipe, streamOf } from './pipe/host-pipe.ts'
import { freeOn, lastOf, parentOf } from './pipe/host-place.ts'
import { feedHost } from './pipe/host-sink.ts'
import { makeAt, settleAt } from './pipe/new-place.ts'
import { withRedis } from './pipe/redis-client.ts'
import { compareKeys, heldBy, readRdb, tablesOf } from './pipe/redis-proof.ts'
import { agrees, asRoot, infoOf, save, saveMs, settledPath, whereOf } from './pipe/redis-save.ts'
import { redisCheck, redisDrill, redisRead, redisStage } from './pipe/redis-script.ts'
import { Swap, stagedAt } from './pipe/swap.ts'
import { unitConnections } from './pipe/unit-script.ts'
import { backupSourceType, type SourceContext, type Staging } from './source.ts'

const spec = z.object({
  address: z.string().trim().min(1).max(400).default('127.0.0.1').meta({
    title: 'Address',
    description: 'As seen from the host; a path like /run/redis/redis.sock is a socket',
  }),
  port: z.number().int().min(1).max(65_535).default(6_379).meta({ title: 'Port' }),
  user: z.string().trim().max(100).default('').meta({ title: 'User', description: 'Empty is the default user' }),
  password: serverPassword,
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

const identityOf = (its: Spec): string => `redis at ${whereOf(its)}, ${its.path}`
const swapOf = (context: SourceContext, its: Spec, staging: Staging): Swap =>
  new Swap(context, parentOf(its.path), staging, asRoot(context))
/** A link to what was staged: the server puts new files in its place, and the way back has to know it again. */
const keptOf = (its: Spec, { id }: Staging): string =>
  `${parentOf(its.path)}/.${lastOf(its.path)}.quarterdeck-kept-${id}`

export const redis = backupSourceType({
  type: 'redis',
  title: 'Redis',
  description: 'All databases of a Redis or Valkey server, by the file that it saves.',
  spec,
  label: whereOf,

  look: (context, its) =>
    withRedis(context, its, async ask => {
      await agrees(ask, its)
      const info = await infoOf(ask)
      const saved = infoNumber(info, 'rdb_last_save_time') * 1_000
      return {
        identity: identityOf(its),
        place: `Redis at ${whereOf(its)}`,
        bytes: infoNumber(info, 'used_memory') || 0,
        changedAt: info.get('rdb_changes_since_last_save') === '0' && saved > 0 ? saved : null,
        versions: [redisVersion(info)],
        tables: keyspace(info),
        schemas: {},
      }
    }),

  async dump(context, its, options) {
    const { saved, version } = await withRedis(context, its, ask => save(context, ask, its))
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
    return { ...streamOf(pipe), extension: 'rdb', totalBytes: null, ended }
  },

  async verify(context, _its, artefact) {
    const facts = await readRdb(artefact, context.signal)
    const tables = tablesOf(facts)
    const sum = facts.checksum ? 'its checksum is right' : 'it ends where it should (the server writes no checksum)'
    if (tables === null) return { said: `${sum}; its keys are of kinds that cannot be counted here`, tables: [] }
    const keys = tables.reduce((total, { rows }) => total + (rows ?? 0), 0)
    return { said: `${sum}; ${keys} keys in ${tables.length} databases were read`, tables }
  },

  async drill(context, _its, artefact) {
    const facts = await readRdb(artefact, context.signal)
    try {
      const end = await feedHost(context, {
        argv: ['sh', '-c', redisDrill, 'sh', String(artefact.part.rawBytes)],
        what: 'Loading it into a server of its own',
        input: await artefact.open(context.signal),
      })
      return [
        { ok: true, text: 'Loaded into a server of its own, which is gone again' },
        compareKeys(tablesOf(facts) ?? artefact.part.tables, heldBy(end.facts)),
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
    return { needs: part.rawBytes * 2, free: await freeOn(context, parentOf(its.path), asRoot(context)) }
  },

  async stage(context, its, artefact, staging) {
    await withRedis(context, its, async ask => {
      await agrees(ask, its)
      if ((await infoOf(ask, 'persistence')).get('aof_enabled') === '1')
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
      argv: ['sh', '-c', redisStage, 'sh', swap.folder, lastOf(its.path), its.path],
      what: 'The staging',
      input: await artefact.open(context.signal),
      sudo: asRoot(context),
    })
    // first, so that what is staged whole has its way back
    const file = `${swap.folder}/${lastOf(its.path)}`
    await asHost(context, 'The staging', 'ln -f -- "$1" "$2"', file, keptOf(its, staging))
    await swap.staged([{ from: lastOf(its.path), path: its.path }])
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
      const again =
        'systemctl stop "$3" && { [ "$1" -ef "$2" ] || { ln -f -- "$2" "$2.put" && mv -fT -- "$2.put" "$1"; }; }'
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
    await asHost(
      context,
      'The clean-up',
      'rm -f -- "$1" "$1.put"; systemctl start "$2"',
      keptOf(its, staging),
      its.unit,
    )
  },

  async dropOld(context, its, staging) {
    await swapOf(context, its, staging).dropOld()
    await asHost(context, 'The clean-up', 'rm -f -- "$1" "$1.put"', keptOf(its, staging))
  },

  async restoreTo(context, its, artefact, place, staging) {
    await makeAt(context, place, { staging, sudo: false }, async at =>
      feedHost(context, {
        argv: ['sh', '-c', 'mkdir -m 700 -- "$1" && cat > "$2"', 'sh', at, `${at}/${lastOf(its.path)}`],
        what: 'The restore',
        input: await artefact.open(context.signal),
      }),
    )
    return `${place}/${lastOf(its.path)}`
  },
  settleTo: (context, _its, place, staging) => settleAt(context, place, { staging, sudo: false }),
  unsettledAt: (_its, place, staging) => stagedAt(place, staging),

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
/** A line of sh as root, with its arguments. */
async function asHost(context: SourceContext, what: string, script: string, ...args: string[]): Promise<void> {
  await askHost(context, what, ['sh', '-c', script, 'sh', ...args], { sudo: asRoot(context), timeout: 120_000 })
}
