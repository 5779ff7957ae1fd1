// A SQLite database of the host, taken while it is in use and put back as one file; knows no target and no schedule.
import { createReadStream } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { askHost } from './pipe/ask-host.ts'
import { endOf, openHostPipe, streamOf } from './pipe/host-pipe.ts'
import { freeOn, lastOf, parentOf } from './pipe/host-place.ts'
import { feedHost } from './pipe/host-sink.ts'
import { makeAt, settleAt } from './pipe/new-place.ts'
import { lookAtSqlite, schemasOf } from './pipe/sqlite-look.ts'
import { logGrew, sqliteBeforeSwap, sqliteDump, sqliteHold } from './pipe/sqlite-script.ts'
import { Swap, stagedAt, swapVerbs } from './pipe/swap.ts'
import type { TarEntry } from './pipe/tar-guard.ts'
import { roomHere, unpackHere } from './pipe/unpack-here.ts'
import { type Artefact, backupSourceType, type SourceContext, type Staging } from './source.ts'

const spec = z.object({
  path: z
    .string()
    .trim()
    .regex(/^\/[^\0\n]*[^/\0\n]$/, 'A whole path like /srv/bot/bot.db')
    .max(4_000)
    .meta({ title: 'File', placeholder: '/srv/bot/bot.db' }),
  asRoot: z.boolean().default(false).meta({ title: 'As root', description: 'Read and restored by sudo' }),
  copyFirst: z.boolean().default(false).meta({
    title: 'Copy on the host first',
    description: 'For a slow line: the log of the database need not grow for as long as the transfer takes',
  }),
  logGrowthMb: z.number().int().min(16).max(1_000_000).default(1_024).meta({
    title: 'Growth of the log, MB',
    description:
      'Where the log of the database grows by more while it is sent, it is copied on the host first, if there is room',
  }),
})
type Spec = z.output<typeof spec>

interface Here {
  readonly file: string
  readonly entry: TarEntry
  readonly tables: { readonly name: string; readonly rows: number; readonly schemaHash: string }[]
  readonly references: number
}

/** The one file that the artefact makes, on this computer, folded and found sound. */
async function unpacked(context: SourceContext, artefact: Artefact): Promise<Here> {
  const { signal, sqlite: files } = context
  const folder = await context.scratch()
  await roomHere(folder, artefact.part.rawBytes)
  const file = join(folder, 'database')
  const { entries } = await unpackHere(
    await artefact.open(signal),
    artefact.part.bytes,
    entry => (entry.path.endsWith('-wal') ? `${file}-wal` : file),
    signal,
  )
  const entry = entries.find(({ path }) => !path.endsWith('-wal')) ?? entries[0]
  if (entry === undefined) throw new AppError('BACKUP_BAD', 'The backup holds no database')
  // a database whose own name ends like a log
  if (entries.length === 1 && entry.path.endsWith('-wal')) await rename(`${file}-wal`, file)
  await files.fold(file, signal)
  const found = await files.integrity(file, signal)
  const damage = found.filter(line => !line.startsWith('foreign key: '))
  if (damage.length > 0)
    throw new AppError('BACKUP_BAD', `The database in the backup is damaged: ${damage.slice(0, 3).join('; ')}`)
  const { tables } = await files.look(file, signal)
  return { file, entry, tables: [...tables], references: found.length }
}

const referencesText = (count: number): string =>
  count === 0 ? '' : `; ${count === 20 ? 'at least 20' : count} rows refer to rows that are not there, as in the source`

const swapOf = (context: SourceContext, its: Spec, staging: Staging): Swap =>
  new Swap(context, parentOf(its.path), staging, its.asRoot)

/** Sends the file to the host into `to`, which lies in a folder that nobody else may enter, with the owner and mode that it is to have. */
async function send(context: SourceContext, its: Spec, here: Here, to: string, like: string): Promise<void> {
  await feedHost(context, {
    argv: ['sh', '-c', 'cat > "$1" && { sync -- "$1" 2>/dev/null || sync; }', 'sh', to],
    what: 'The transfer of the database',
    input: createReadStream(here.file, { highWaterMark: 1024 * 1024 }),
    sudo: its.asRoot,
  })
  const { uid, gid, mode } = here.entry
  const script = `if [ -e "$2" ]; then o=$(stat -L -c %u:%g -- "$2"); m=$(stat -L -c %a -- "$2"); else o=$3 m=$4; fi
[ "$(id -u)" != 0 ] || chown -- "$o" "$1" || exit 1
chmod -- "$m" "$1"`
  const args = [to, like, `${uid}:${gid}`, (mode & 0o777).toString(8)]
  await askHost(context, 'The rights of the database', ['sh', '-c', script, 'sh', ...args], { sudo: its.asRoot })
}

function wayNotes(way: string | undefined, grew: Spec | null): string[] {
  if (way === 'plain')
    return ['Copied with its log between two looks, for want of python3 and sqlite3 on the host; checked here.']
  if (way !== 'copied') return []
  if (grew === null) return ['Copied on the host first, and sent from there.']
  const why = `Its log grew by more than ${grew.logGrowthMb} MB while it was sent`
  return [`${why}, so it was copied on the host first, and sent from there.`]
}

export const sqliteSource = backupSourceType({
  type: 'sqlite',
  title: 'SQLite database',
  description: 'One database file, taken while programs write to it, and checked here.',
  spec,
  label: its => its.path,

  async look(context, its) {
    const found = await lookAtSqlite(context, its.path, { sudo: its.asRoot, whole: false })
    return {
      identity: `sqlite ${its.path}`,
      place: its.path,
      bytes: found.bytes,
      changedAt: found.changedAt,
      versions: found.version === null ? [] : [`sqlite ${found.version}`],
      tables: found.tables,
      schemas: schemasOf(found),
    }
  },

  async dump(context, its, { compression, otherWay = false }) {
    const size = await askHost(
      context,
      `The look at ${its.path}`,
      ['sh', '-c', 'stat -L -c %s -- "$1" "$1-wal" 2>/dev/null; exit 0', 'sh', its.path],
      { sudo: its.asRoot },
    )
    const total = size.text.split('\n').reduce((sum, line) => sum + Number(line), 0)
    const pipe = await openHostPipe(context, {
      argv: [
        'sh',
        '-c',
        sqliteDump,
        'sh',
        its.path,
        its.copyFirst || otherWay ? 'copy' : 'stream',
        sqliteHold,
        `${its.logGrowthMb * 1024 * 1024}`,
      ],
      what: `The copy of ${its.path}`,
      compression,
      sudo: its.asRoot,
      accept: [1],
      near: parentOf(its.path),
    })
    const ended = endOf(pipe, ({ sha256, facts }) => {
      const told = (key: string): string | undefined => facts.find(fact => fact.key === key)?.value
      const versions = [told('version'), told('tar')].filter(version => version !== undefined && version !== '')
      const notes = wayNotes(told('way'), otherWay ? its : null)
      // what it holds is counted by `verify`, here and not on the host
      return { sha256, identity: `sqlite ${its.path}`, versions: versions as string[], tables: [], notes }
    })
    return { ...streamOf(pipe), extension: 'tar', totalBytes: total > 0 ? total : null, ended }
  },

  hasOtherWay: ({ message }) => message.startsWith(logGrew),

  async verify(context, _its, artefact) {
    const here = await unpacked(context, artefact)
    const rows = here.tables.reduce((sum, table) => sum + table.rows, 0)
    return {
      said: `integrity_check found nothing; ${here.tables.length} tables with ${rows} rows${referencesText(here.references)}`,
      tables: here.tables.map(({ name, rows, schemaHash }) => ({ name, rows, schema: schemaHash })),
    }
  },

  async drill(context, _its, artefact) {
    const evidence: Evidence[] = []
    const say = (ok: boolean, text: string): void => void evidence.push({ ok, text })
    try {
      const here = await unpacked(context, artefact)
      say(true, `Restored on this computer: ${(await stat(here.file)).size} bytes`)
      say(true, `integrity_check found nothing${referencesText(here.references)}`)
      for (const { ok, text } of compareRows(artefact.part.tables, here.tables)) say(ok, text)
    } catch (caught) {
      const error = AppError.from(caught)
      if (error.code !== 'BACKUP_BAD') throw error
      say(false, error.message)
    }
    return evidence
  },

  async items(context, artefact) {
    const here = await unpacked(context, artefact)
    const tables = here.tables.map(({ name, rows }) => ({
      path: name,
      kind: 'table' as const,
      bytes: null,
      rows,
      modifiedAt: null,
    }))
    const whole = { path: lastOf(here.entry.path), kind: 'database' as const, rows: null }
    return [{ ...whole, bytes: (await stat(here.file)).size, modifiedAt: here.entry.modifiedAt }, ...tables]
  },

  async extract(context, artefact, path) {
    const here = await unpacked(context, artefact)
    if (!here.tables.some(({ name }) => name === path)) {
      if (path !== lastOf(here.entry.path)) throw new AppError('NOT_FOUND', 'There is no such table in the backup')
      return createReadStream(here.file)
    }
    const to = `${here.file}.csv`
    await context.sqlite.exportTable(here.file, path, to, context.signal)
    return createReadStream(to)
  },

  plan: its => [
    'Unpack the backup on this computer and check it (integrity_check)',
    `Send it to ${parentOf(its.path)} and compare what arrived`,
    `Rename it to ${its.path}; the present file is kept beside it`,
  ],

  async space(context, its, part) {
    return { needs: part.rawBytes, free: await freeOn(context, parentOf(its.path), its.asRoot) }
  },

  async stage(context, its, artefact, staging) {
    const here = await unpacked(context, artefact)
    const swap = swapOf(context, its, staging)
    await swap.open()
    await send(context, its, here, `${swap.folder}/database`, its.path)
    await swap.staged([
      ...['-wal', '-shm', '-journal'].map(ending => ({ from: null, path: its.path + ending })),
      { from: 'database', path: its.path },
    ])
  },

  async check(context, its, part, staging) {
    const path = swapOf(context, its, staging).beside(its.path, 'new')
    const found = await lookAtSqlite(context, path, { sudo: its.asRoot, whole: true })
    if (found.bytes === null) return [{ ok: false, text: `${path} is not there` }]
    if (found.error !== null) return [{ ok: false, text: `${path}: ${found.error}` }]
    if (found.tool === 'none')
      return [{ ok: true, text: `${path} is there; it was checked on this computer before it was sent` }]
    const sound = found.check.length === 1 && found.check[0] === 'ok'
    const text = sound ? 'integrity_check on the host found nothing' : `integrity_check: ${found.check.join('; ')}`
    return [{ ok: sound, text }, ...compareRows(part.tables, found.tables)]
  },

  async swap(context, its, staging) {
    const kept = await swapOf(context, its, staging).swap(sqliteBeforeSwap(its.path))
    return { kept: kept[0] ?? null }
  },
  ...swapVerbs(swapOf),

  async restoreTo(context, its, artefact, place, staging) {
    const here = await unpacked(context, artefact)
    const path = fileAt(its, place)
    await makeAt(context, place, { staging, sudo: its.asRoot }, async at => {
      if (path !== place) await askHost(context, 'The folder', ['mkdir', '--', at], { sudo: its.asRoot })
      await send(context, its, here, path === place ? at : `${at}/${lastOf(path)}`, '')
    })
    return path
  },
  settleTo: (context, its, place, staging) => settleAt(context, place, { staging, sudo: its.asRoot }),
  unsettledAt: (_its, place, staging) => stagedAt(place, staging),
})

/** The file itself where the place is named like one, else in a folder of that name. */
function fileAt(its: Spec, place: string): string {
  const name = lastOf(its.path)
  const dot = name.lastIndexOf('.')
  return dot > 0 && place.endsWith(name.slice(dot)) ? place : `${place}/${name}`
}

/** Rows of each table against what the manifest says. */
function compareRows(
  then: readonly { readonly name: string; readonly rows: number | null }[],
  now: readonly { readonly name: string; readonly rows: number | null }[],
): { ok: boolean; text: string }[] {
  if (then.length === 0) return [{ ok: true, text: `${now.length} tables` }]
  const rows = new Map(now.map(table => [table.name, table.rows]))
  const wrong = then.filter(table => table.rows !== null && rows.get(table.name) !== table.rows)
  if (wrong.length === 0) return [{ ok: true, text: `${then.length} tables have as many rows as when it was taken` }]
  return wrong
    .slice(0, 10)
    .map(({ name, rows: was }) => ({ ok: false, text: `${name} has ${rows.get(name) ?? 'no'} rows, and had ${was}` }))
}
