// Makes room by deleting old log files in folders that a person named; never follows a symbolic link, never works on a system folder.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { complaint, errorText, megabytes, outputOf } from '../lib/command-evidence.ts'
import { commandText } from '../parse/command-text.ts'
import type { ExecResult } from '../ports.ts'
import { type HostActionContext, hostActionType, type StepResult } from './action.ts'

/** Nothing is ever deleted under these. */
const systemTrees =
  /^\/(bin|boot|dev|etc|lib|lib32|lib64|libx32|proc|root|run|sbin|sys|usr|snap|lost\+found|var\/lib\/(dpkg|apt|systemd|docker|containerd)|var\/log\/journal)(\/|$)/
/** Nor straight in these, where everybody's folders lie. */
const systemRoots: ReadonlySet<string> = new Set([
  ...['/', '/home', '/media', '/mnt', '/opt', '/srv', '/tmp', '/var'],
  ...['/var/lib', '/var/tmp', '/var/cache', '/var/spool', '/var/opt', '/var/mail', '/var/backups', '/usr/local'],
])

/** Why the folder is not to be touched; null where it may be. */
export function folderProblem(folder: string): string | null {
  if (!folder.startsWith('/')) return 'Give the whole path, from /'
  if (/[\0\n]/.test(folder)) return 'A path cannot hold a line break'
  if (folder !== '/' && (folder.endsWith('/') || /\/(\.{0,2})(\/|$)/.test(folder)))
    return 'Give the path without //, . and .., and without a / at its end'
  if (systemRoots.has(folder) || systemTrees.test(folder)) return `${folder} belongs to the system`
  return null
}

const Spec = z.object({
  folders: z
    .array(
      z
        .string()
        .max(4_096)
        .superRefine((folder, context) => {
          const message = folderProblem(folder)
          if (message !== null) context.addIssue({ code: 'custom', message })
        }),
    )
    .min(1, 'Name a folder')
    .max(16)
    .meta({ title: 'Folders', description: 'Whole paths, e.g. /opt/bot/logs' }),
  olderThanDays: z.number().int().min(1).max(3_650).default(30).meta({ title: 'Older than so many days' }),
  pattern: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[^/\0\n]+$/, 'A file name with * and ?')
    .default('*.log*')
    .meta({ title: 'File names' }),
  sudo: z.boolean().default(false).meta({ title: 'As root, by sudo' }),
})
type Spec = z.output<typeof Spec>

// Entered first and only then compared, so that nobody can put a link in its place between the look and the deed.
const guarded =
  'cd -P -- "$1" || exit 1; [ "$(pwd -P)" = "$1" ] || { echo "it is, or lies behind, a symbolic link" >&2; exit 3; }; shift; exec "$@"'

const findArgv = (spec: Spec, deed: readonly string[]): string[] => [
  ...['find', '.', '-xdev', '-type', 'f', '-name', spec.pattern, '-mtime', `+${spec.olderThanDays}`],
  ...deed,
]
const argvIn = (folder: string, argv: readonly string[]): string[] => ['sh', '-c', guarded, 'sh', folder, ...argv]
const listing = ['-printf', '%s %P\\0']

export const deleteOldLogs = hostActionType({
  type: 'delete-old-logs',
  scope: 'host',
  title: 'Delete old logs',
  description: 'Deletes log files that were not written to for a while, in folders that you name.',
  risk: 'confirm',
  mends: ['disk'],
  expects: 'checks',
  spec: Spec,
  plan: spec => ({
    title: `Delete logs older than ${spec.olderThanDays} days`,
    commands: spec.folders.map(folder =>
      commandText(['find', folder, ...findArgv(spec, ['-delete']).slice(2)], spec.sudo),
    ),
    risk: 'confirm',
    consequence: `Files named ${spec.pattern} that are older than ${spec.olderThanDays} days are gone for good.`,
  }),
  async preview(context, spec): Promise<StepResult> {
    const evidence: Evidence[] = []
    for (const folder of spec.folders) evidence.push((await look(context, folder, spec)).evidence)
    return { outcome: evidence.every(item => item.ok) ? 'done' : 'failed', evidence }
  },
  async run(context, spec): Promise<StepResult> {
    const evidence: Evidence[] = []
    for (const folder of spec.folders) {
      const found = await look(context, folder, spec)
      evidence.push(found.evidence)
      context.progress(evidence)
      if (!found.evidence.ok) return { outcome: found.lost ? 'lost' : 'failed', evidence }
      if (found.files === 0) continue
      const { result, error, lost } = await command(context, argvIn(folder, findArgv(spec, ['-delete'])), spec)
      const wrong = error ?? (result && complaint(result))
      const output = result ? outputOf(result) : ''
      evidence.push({ ok: !wrong, text: wrong ? `${folder}: ${wrong} ${output}`.trim() : `${folder}: deleted` })
      context.progress(evidence)
      if (wrong) return { outcome: lost ? 'lost' : 'failed', evidence }
    }
    return { outcome: 'done', evidence }
  },
})

async function look(
  context: HostActionContext,
  folder: string,
  spec: Spec,
): Promise<{ evidence: Evidence; files: number; lost: boolean }> {
  const { result, error, lost } = await command(context, argvIn(folder, findArgv(spec, listing)), spec)
  const wrong = error ?? (result && complaint(result))
  if (!result || wrong) {
    const output = result ? new TextDecoder().decode(result.stderr).trim().slice(0, 300) : ''
    const text = [`${folder}: could not be looked through`, wrong, output].filter(Boolean).join(', ')
    return { evidence: { ok: false, text }, files: 0, lost }
  }
  const files = new TextDecoder().decode(result.stdout).split('\0').filter(Boolean)
  const bytes = files.reduce((sum, file) => sum + (Number.parseInt(file, 10) || 0), 0)
  const names = files.slice(0, 5).map(file => file.replace(/^\d+ /, '').slice(0, 100))
  const more = files.length > names.length ? ` and ${files.length - names.length} more` : ''
  const text =
    files.length === 0
      ? `${folder}: no such files`
      : `${folder}: ${files.length} ${files.length === 1 ? 'file' : 'files'}, ${megabytes(bytes)}: ${names.join(', ')}${more}`
  return { evidence: { ok: true, text }, files: files.length, lost: false }
}

async function command(
  context: HostActionContext,
  argv: readonly string[],
  { sudo }: Pick<Spec, 'sudo'>,
): Promise<{ result: ExecResult | null; error: string | null; lost: boolean }> {
  try {
    const result = await context.exec(argv, { sudo, timeout: 300_000, maxBytes: 4 * 1024 * 1024 })
    return { result, error: null, lost: result.lost }
  } catch (caught) {
    const error = AppError.from(caught)
    if (error.code === 'CANCELLED') throw error
    return { result: null, error: errorText(error), lost: error.code === 'LINK_LOST' }
  }
}
