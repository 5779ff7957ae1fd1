// Lets a Redis server save its data and says what it saved and where; knows no dump and no restore.
import { AppError } from '../../../shared/errors.ts'
import { sleep } from '../../lib/clock.ts'
import { infoNumber, type RedisInfo, readRedisInfo, redisVersion } from '../../parse/redis-info.ts'
import type { SourceContext } from '../source.ts'
import { freeOn, parentOf } from './host-place.ts'
import type { Ask, RedisPlace } from './redis-client.ts'

/** A server, and the file that it has to save to. */
export interface SavedPlace extends RedisPlace {
  readonly path: string
}

export const saveMs = 30 * 60_000
const askAgainMs = 200
/** Beside what the file takes. */
const spareBytes = 16_777_216

export const whereOf = ({ address, port }: RedisPlace): string =>
  address.startsWith('/') ? address : `${address}:${port}`

/** May files of the server be read and written? */
export const asRoot = ({ sudo, host }: SourceContext): boolean => sudo || host.user === 'root'

export const infoOf = async (ask: Ask, section?: string): Promise<RedisInfo> =>
  readRedisInfo(String(await (section === undefined ? ask('INFO') : ask('INFO', section))))

/** Where it says that it saves to. */
export async function settledPath(ask: Ask): Promise<string> {
  const [, folder] = (await ask('CONFIG', 'GET', 'dir')) as string[]
  const [, file] = (await ask('CONFIG', 'GET', 'dbfilename')) as string[]
  return `${String(folder).replace(/\/$/, '')}/${file}`
}

/** Rejects with CONFLICT where the server keeps its data elsewhere. */
export async function agrees(ask: Ask, its: SavedPlace): Promise<void> {
  const path = await settledPath(ask)
  if (path !== its.path)
    throw new AppError('CONFLICT', `Redis at ${whereOf(its)} saves to ${path}, not to ${its.path}`, {
      hint: 'Correct the file in the settings of this source.',
    })
}

/** Lets the server save, and waits until it has. `saved` is its own time of that, in seconds. */
export async function save(
  context: SourceContext,
  ask: Ask,
  its: SavedPlace,
): Promise<{ readonly saved: number; readonly version: string }> {
  await agrees(ask, its)
  const info = await infoOf(ask)
  const used = infoNumber(info, 'used_memory') || 0
  const free = await freeOn(context, parentOf(its.path), asRoot(context))
  if (free !== null && free < used + spareBytes)
    throw new AppError('DISK_FULL', `To save, Redis needs up to ${used} bytes, and ${free} are free there`)
  // one that began before is of too early a moment
  await idle(context, ask)
  await ask('BGSAVE')
  const now = await idle(context, ask)
  if (now.get('rdb_last_bgsave_status') !== 'ok')
    throw new AppError('COMMAND_FAILED', 'Redis could not save its data (rdb_last_bgsave_status: err)', {
      hint: 'Its log says why: often memory (vm.overcommit_memory) or the disk.',
    })
  return { saved: infoNumber(now, 'rdb_last_save_time') || 0, version: redisVersion(info) }
}

async function idle({ clock, signal }: SourceContext, ask: Ask): Promise<RedisInfo> {
  const until = clock.monotonic() + saveMs
  for (;;) {
    const now = await infoOf(ask, 'persistence')
    if (now.get('rdb_bgsave_in_progress') !== '1' && now.get('aof_rewrite_in_progress') !== '1') return now
    if (clock.monotonic() > until) throw new AppError('TIMEOUT', 'Redis did not end its save in half an hour')
    await sleep(clock, askAgainMs, signal)
  }
}
