// A folder or a file of the host, as an archive, and put back as a whole; knows no target and no schedule.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { askHost } from './pipe/ask-host.ts'
import { endOf, openHostPipe, streamOf } from './pipe/host-pipe.ts'
import { freeOn, lastOf, parentOf } from './pipe/host-place.ts'
import { makeAt, settleAt } from './pipe/new-place.ts'
import { Swap, stagedAt, swapVerbs } from './pipe/swap.ts'
import { SampleHashes } from './pipe/tar-guard.ts'
import { awkJudge, awkLinks, left, taken, takeOver, tarFolder } from './pipe/tar-script.ts'
import { archiveEnd, archiveItems, archiveSaid, extractFile, readArchive, unpackThere } from './pipe/tar-source.ts'
import { type Artefact, backupSourceType, type SourceContext, type Staging } from './source.ts'

const pattern = z
  .string()
  .trim()
  .min(1)
  .max(400)
  .regex(/^[^\0\n]*$/)
  .refine(text => !text.split('/').includes('..'), 'A pattern cannot go up')
const spec = z.object({
  path: z
    .string()
    .trim()
    .regex(/^\/[^\0\n]*[^/\0\n]$/, 'A whole path like /srv/bot')
    .max(4_000)
    .meta({ title: 'Folder or file', placeholder: '/srv/bot' }),
  includes: z.array(pattern).max(200).default([]).meta({
    title: 'Only these',
    description: 'Paths below the folder; all of it where there are none',
  }),
  excludes: z.array(pattern).max(200).default([]).meta({
    title: 'Leave out',
    description: 'Names at any depth (*.log, __pycache__), or paths from the folder (cache/images)',
  }),
  oneFileSystem: z.boolean().default(true).meta({ title: 'Not into other disks that are mounted below' }),
  asRoot: z.boolean().default(false).meta({ title: 'As root', description: 'Read and restored by sudo' }),
})
type Spec = z.output<typeof spec>

const sampleOf = 200

const swapOf = (context: SourceContext, its: Spec, staging: Staging): Swap =>
  new Swap(context, parentOf(its.path), staging, its.asRoot)

const identityOf = (its: Spec): string => `files ${its.path}`

/** Unpacks into the folder and tells whether it is a folder that was taken, or one file. */
async function unpack(
  context: SourceContext,
  its: Spec,
  artefact: Artefact,
  folder: string,
): Promise<'folder' | 'file'> {
  let root = false
  const guard = await unpackThere(context, artefact, folder, its.asRoot, {
    onEntry(entry) {
      if (entry.path === '') root = true
    },
  })
  if (!root && guard.entries !== 1) throw new AppError('BACKUP_BAD', 'The archive holds neither a folder nor one file')
  return root ? 'folder' : 'file'
}

export const filesSource = backupSourceType({
  type: 'files',
  title: 'Files',
  description: 'A folder with all that is in it, or one file.',
  spec,
  label: its => its.path,

  async look(context, its) {
    const script = `p=$(readlink -f -- "$1") && [ -e "$p" ] || { echo missing; exit 0; }
stat -c 'stat %Y' -- "$p"; du -sk --apparent-size -- "$p" 2>/dev/null | awk '{ printf "bytes %.0f\\n", $1 * 1024 }'`
    const { text } = await askHost(context, `The look at ${its.path}`, ['sh', '-c', script, 'sh', its.path], {
      sudo: its.asRoot,
      timeout: 120_000,
    })
    const number = (word: string): number | null => {
      const found = new RegExp(`^${word} (\\d+)$`, 'm').exec(text)?.[1]
      return found === undefined ? null : Number(found)
    }
    const changed = number('stat')
    return {
      identity: identityOf(its),
      place: its.path,
      bytes: number('bytes'),
      changedAt: changed === null ? null : changed * 1_000,
      versions: [],
      tables: [],
      schemas: {},
    }
  },

  async dump(context, its, { compression }) {
    const pipe = await openHostPipe(context, {
      argv: ['sh', '-c', tarFolder, 'sh', its.path, awkLinks, awkJudge, ...taken(its)],
      what: `The archive of ${its.path}`,
      compression,
      sudo: its.asRoot,
    })
    return {
      ...streamOf(pipe),
      extension: 'tar',
      totalBytes: null,
      ended: endOf(pipe, end => archiveEnd(end, identityOf(its))),
    }
  },

  async verify(context, _its, artefact) {
    const guard = await readArchive(context, artefact)
    if (guard.entries === 0)
      throw new AppError('BACKUP_BAD', 'Nothing of it may be in an archive, so the archive is empty')
    return archiveSaid(guard)
  },

  async drill(context, its, artefact) {
    const evidence: Evidence[] = []
    const script = `for d in /var/tmp /tmp; do f=$(df -Pk -- "$d" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')
  if [ "$(awk -v f="$f" -v n="$1" 'BEGIN { print (f > n * 1.1 + 67108864) }')" = 1 ]; then mktemp -d "$d/.quarterdeck-drill-XXXXXXXX" && exit 0; fi; done
echo "no space left for $1 bytes in /var/tmp and /tmp" >&2; exit 1`
    const made = await askHost(
      context,
      'The folder for the drill',
      ['sh', '-c', script, 'sh', String(artefact.part.rawBytes)],
      { sudo: its.asRoot },
    )
    const folder = made.text.trim()
    if (!/^\/(var\/)?tmp\/\.quarterdeck-drill-\w{8}$/.test(folder))
      throw new AppError('PROTOCOL', 'The host did not name the folder of the drill')
    try {
      const sample = new SampleHashes(sampleOf)
      const guard = await unpackThere(context, artefact, folder, its.asRoot, {
        onEntry: entry => sample.entry(entry),
        onContent: (_entry, chunk) => void sample.content(chunk),
        onContentEnd: entry => void sample.end(entry),
      })
      evidence.push({ ok: true, text: `Unpacked on the host: ${guard.files} files in ${guard.folders} folders` })
      evidence.push(await compareSample(context, folder, its.asRoot, sample.hashes))
    } catch (caught) {
      const error = AppError.from(caught)
      if (error.code !== 'BACKUP_BAD' && error.code !== 'COMMAND_FAILED') throw error
      evidence.push({ ok: false, text: error.message })
    } finally {
      // also where the drill was cancelled
      const after = { ...context, signal: AbortSignal.timeout(60_000) }
      await askHost(after, 'The clean-up', ['rm', '-rf', '--', folder], { sudo: its.asRoot }).catch(() => {})
    }
    return evidence
  },

  items: archiveItems,
  extract: extractFile,

  plan: its => [
    `Unpack the archive beside ${its.path}, each entry judged before it is sent`,
    'Once the service is stopped, take over from the present one what the backup leaves out',
    `Let both change places in one step; the present one is kept beside it`,
  ],

  async space(context, its, part) {
    return { needs: part.rawBytes, free: await freeOn(context, parentOf(its.path), its.asRoot) }
  },

  async stage(context, its, artefact, staging) {
    const swap = swapOf(context, its, staging)
    await swap.open()
    const tree = `${swap.folder}/tree`
    await askHost(context, 'The preparation', ['mkdir', '-m', '700', '--', tree], { sudo: its.asRoot })
    const kind = await unpack(context, its, artefact, tree)
    if (kind === 'file') return await swap.staged([{ from: `tree/${lastOf(its.path)}`, path: its.path }])
    await swap.staged([{ from: 'tree', path: its.path }])
  },

  async check(context, its, part, staging) {
    const path = swapOf(context, its, staging).beside(its.path, 'new')
    const script = '[ -e "$1" ] || exit 0; find "$1" | wc -l'
    const { text } = await askHost(context, 'The look at what was unpacked', ['sh', '-c', script, 'sh', path], {
      sudo: its.asRoot,
      timeout: 120_000,
    })
    const count = Number(text)
    if (!(count > 0)) return [{ ok: false, text: `${path} is not there` }]
    return [
      { ok: true, text: `${count} entries lie in ${path}, unpacked from ${part.rawBytes} bytes that were hashed` },
    ]
  },

  async swap(context, its, staging) {
    const swap = swapOf(context, its, staging)
    // now, and not when it was staged: until here the service may have written to it (a database has its own source)
    if ((await swap.state()) === 'staged') await takeOverLeft(context, its, swap.beside(its.path, 'new'))
    return { kept: (await swap.swap())[0] ?? null }
  },
  ...swapVerbs(swapOf),

  async restoreTo(context, its, artefact, place, staging) {
    await makeAt(context, place, { staging, sudo: its.asRoot }, async at => {
      await askHost(context, 'The folder', ['mkdir', '-m', '700', '--', at], { sudo: its.asRoot })
      await unpack(context, its, artefact, at)
    })
    return place
  },
  settleTo: (context, its, place, staging) => settleAt(context, place, { staging, sudo: its.asRoot }),
  unsettledAt: (_its, place, staging) => stagedAt(place, staging),
})

/** Copies what the backup lets lie from the present folder into the one that takes its place. */
async function takeOverLeft(context: SourceContext, its: Spec, tree: string): Promise<void> {
  for (const [what, words] of [
    ['links', taken(its)],
    ['left', left(its)],
  ] as const) {
    const argv = ['sh', '-c', takeOver, 'sh', its.path, tree, awkLinks, what, ...words]
    await askHost(context, 'Taking over what the backup leaves out', argv, { sudo: its.asRoot, timeout: 1_800_000 })
  }
}

/** Hashes the sample on the host, where it was unpacked. */
async function compareSample(
  context: SourceContext,
  folder: string,
  sudo: boolean,
  hashes: ReadonlyMap<string, string>,
): Promise<Evidence> {
  // a name that the shell's tool would write in its own way is told by its number
  const paths = [...hashes.keys()]
  const script = 'cd -- "$1" || exit 1; shift; for f; do sha256sum < "./$f" || echo unreadable; done'
  const { text } = await askHost(context, 'The hashes of the sample', ['sh', '-c', script, 'sh', folder, ...paths], {
    sudo,
    timeout: 600_000,
  })
  const lines = text.split('\n')
  const wrong = paths.filter((path, at) => lines[at]?.slice(0, 64) !== hashes.get(path))
  if (wrong.length === 0) return { ok: true, text: `A sample of ${paths.length} files has the right content` }
  return { ok: false, text: `${wrong.length} of ${paths.length} files of a sample have another content: ${wrong[0]}` }
}
