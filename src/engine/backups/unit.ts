// A service's definition: unit file, drop-ins and the files that it names, such as its EnvironmentFile; knows no target and no schedule.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import { CheckUnit } from '../../shared/model/check.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { askHost } from './pipe/ask-host.ts'
import { endOf, openHostPipe, streamOf } from './pipe/host-pipe.ts'
import { freeOn } from './pipe/host-place.ts'
import { makeAt, settleAt } from './pipe/new-place.ts'
import { Swap, stagedAt, swapVerbs } from './pipe/swap.ts'
import type { TarEntry } from './pipe/tar-guard.ts'
import { awkJudge, tarFiles } from './pipe/tar-script.ts'
import { archiveEnd, archiveItems, archiveSaid, extractFile, readArchive, unpackThere } from './pipe/tar-source.ts'
import { isFileOfUnit, readUnitFiles, unitFilesScript } from './pipe/unit-files.ts'
import { proposeForUnit } from './pipe/unit-proposal.ts'
import { type Artefact, backupSourceType, type SourceContext, type Staging } from './source.ts'

const spec = z.object({
  scope: CheckUnit.shape.scope
    .default('system')
    .meta({ title: 'Of', labels: { system: 'The system', user: 'The user who logs in' } }),
  name: CheckUnit.shape.name.meta({ title: 'Service', placeholder: 'bot.service' }),
  files: z
    .array(
      z
        .string()
        .regex(/^\/[^\0\n]*[^/\0\n]$/, 'A whole path like /etc/bot.env')
        .max(4_000),
    )
    .max(100)
    .default([])
    .meta({
      title: 'Further files',
      description: 'Such as its EnvironmentFile; nothing but these and the unit files is written by a restore',
    }),
  asRoot: z.boolean().default(true).meta({ title: 'As root', description: 'Read and restored by sudo' }),
})
type Spec = z.output<typeof spec>

interface Found {
  /** All that is there, the unit file first. */
  readonly files: readonly string[]
  readonly missing: readonly string[]
  readonly bytes: number
  readonly changedAt: number
}

const identityOf = (its: Spec): string => `unit ${its.scope} ${its.name}`

async function find(context: SourceContext, its: Spec): Promise<Found> {
  const argv = ['sh', '-c', unitFilesScript, 'sh', its.scope, its.name, ...its.files]
  // a user's own manager is reached as that user, not as root
  const { text } = await askHost(context, `The look at ${its.name}`, argv, {
    sudo: sudoOf(its),
    timeout: 30_000,
  })
  return readUnitFiles(text)
}

const swapOf = async (context: SourceContext, its: Spec, staging: Staging): Promise<Swap> => {
  const near = its.scope === 'user' ? await userFolder(context) : '/etc/systemd/system'
  return new Swap(context, near, staging, sudoOf(its))
}

const sudoOf = (its: Spec): boolean => its.asRoot && its.scope === 'system'

/** Where a user's own unit files lie. */
async function userFolder(context: SourceContext): Promise<string> {
  const script = `printf %s "$\{XDG_CONFIG_HOME:-$HOME/.config}/systemd/user"`
  const { text } = await askHost(context, "The look for the user's units", ['sh', '-c', script])
  if (!text.startsWith('/') || /[\n\0]/.test(text)) throw new AppError('PROTOCOL', 'The host did not name the folder')
  return text
}

/** The path that an entry of the archive stands for, where the backup may hold it. */
function pathOf(its: Spec, entry: Pick<TarEntry, 'path'>): string {
  const path = `/${entry.path}`
  if (isFileOfUnit(path, its.name) || its.files.includes(path)) return path
  throw new AppError('BACKUP_BAD', 'The archive is refused: it holds a file that does not belong to the service')
}

/** The files in it, each one of the service's own; the unit file has to be among them. */
async function filesIn(context: SourceContext, its: Spec, artefact: Artefact) {
  const paths: string[] = []
  const guard = await readArchive(context, artefact, {
    onEntry(entry) {
      if (entry.kind !== 'file') throw new AppError('BACKUP_BAD', 'The archive is refused: it holds more than files')
      paths.push(pathOf(its, entry))
    },
  })
  if (!paths.some(path => isFileOfUnit(path, its.name) && !path.endsWith('.conf')))
    throw new AppError('BACKUP_BAD', `The backup does not hold the unit file of ${its.name}`)
  return { guard, paths }
}

const reload = (its: Spec): string =>
  its.scope === 'user'
    ? 'XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user daemon-reload 2>/dev/null || :'
    : 'systemctl daemon-reload 2>/dev/null || :'

export const unitSource = backupSourceType({
  type: 'unit',
  title: "A service's definition",
  description: 'Its unit file, drop-ins and EnvironmentFile.',
  spec,
  label: its => its.name,

  async look(context, its) {
    const found = await find(context, its)
    return {
      identity: identityOf(its),
      place: found.files[0] ?? its.name,
      bytes: found.files.length === 0 ? null : found.bytes,
      changedAt: found.files.length === 0 ? null : found.changedAt,
      versions: [],
      tables: [],
      schemas: {},
    }
  },

  async dump(context, its, { compression }) {
    const found = await find(context, its)
    if (!found.files.some(path => isFileOfUnit(path, its.name)))
      throw new AppError('NOT_FOUND', `${its.name} has no unit file on this host`)
    const pipe = await openHostPipe(context, {
      argv: ['sh', '-c', tarFiles, 'sh', awkJudge, ...found.files],
      what: `The archive of ${its.name}`,
      compression,
      sudo: sudoOf(its),
    })
    return {
      ...streamOf(pipe),
      extension: 'tar',
      totalBytes: found.bytes,
      ended: endOf(pipe, end => {
        const known = archiveEnd(end, identityOf(its))
        const notes = found.missing.map(path => `${path} is not there.`.slice(0, 500))
        return { ...known, notes: [...known.notes, ...notes].slice(0, 20) }
      }),
    }
  },

  async verify(context, its, artefact) {
    const { guard } = await filesIn(context, its, artefact)
    return `${archiveSaid(guard)}; the unit file is among them`
  },

  async drill(context, its, artefact): Promise<Evidence[]> {
    try {
      const { paths } = await filesIn(context, its, artefact)
      const ok = (text: string): Evidence => ({ ok: true, text })
      return [ok(`${paths.length} files were read whole: ${paths.join(', ').slice(0, 400)}`)]
    } catch (caught) {
      const error = AppError.from(caught)
      if (error.code !== 'BACKUP_BAD') throw error
      return [{ ok: false, text: error.message }]
    }
  },

  items: archiveItems,
  extract: extractFile,

  plan: its => [
    'Unpack the files beside the present ones',
    'Rename each into place; the present ones are kept beside them',
    `Let systemd read ${its.name} again (daemon-reload)`,
  ],

  async space(context, its, part) {
    return {
      needs: part.rawBytes,
      free: await freeOn(context, '/etc/systemd/system', sudoOf(its)),
    }
  },

  async stage(context, its, artefact, staging) {
    // judged whole before anything is sent: what is unpacked goes to places outside of the folder that it is unpacked in
    const { paths } = await filesIn(context, its, artefact)
    const swap = await swapOf(context, its, staging)
    const sudo = sudoOf(its)
    await swap.open()
    await askHost(context, 'The preparation', ['mkdir', '-m', '700', '--', `${swap.folder}/tree`], { sudo })
    await unpackThere(context, artefact, `${swap.folder}/tree`, sudo, { onEntry: entry => void pathOf(its, entry) })
    await swap.staged(paths.map(path => ({ from: `tree${path}`, path })))
  },

  async check(context, its, part, staging) {
    const swap = await swapOf(context, its, staging)
    const sudo = sudoOf(its)
    const { text } = await askHost(context, 'The look at what was unpacked', ['cat', '--', `${swap.folder}/pairs`], {
      sudo,
    })
    const paths = text.split('\n').flatMap(line => (line === '' ? [] : [line.slice(line.indexOf(' ') + 1)]))
    const script = 'for f; do [ -f "$f" ] || echo "$f"; done'
    const news = paths.map(path => swap.beside(path, 'new'))
    const missing = await askHost(context, 'The look at what was unpacked', ['sh', '-c', script, 'sh', ...news], {
      sudo,
    })
    if (paths.length === 0 || missing.text !== '')
      return [{ ok: false, text: `Not all files of ${part.key} were unpacked` }]
    return [{ ok: true, text: `${paths.length} files lie beside the present ones` }]
  },

  async swap(context, its, staging) {
    const kept = await (await swapOf(context, its, staging)).swap(':', reload(its))
    return { kept: kept[0] ?? null }
  },
  ...swapVerbs(swapOf),
  swapBack: async (context, its, staging) => (await swapOf(context, its, staging)).back(reload(its)),

  async restoreTo(context, its, artefact, place, staging) {
    const sudo = sudoOf(its)
    await filesIn(context, its, artefact)
    await makeAt(context, place, { staging, sudo }, async at => {
      await askHost(context, 'The folder', ['mkdir', '--', at], { sudo })
      await unpackThere(context, artefact, at, sudo, { onEntry: entry => void pathOf(its, entry) })
    })
    return place
  },
  settleTo: (context, its, place, staging) => settleAt(context, place, { staging, sudo: sudoOf(its) }),
  unsettledAt: (_its, place, staging) => stagedAt(place, staging),

  propose: proposeForUnit,
})
