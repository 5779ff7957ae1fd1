// What a service seems to keep (the "bot" preset): its definition, its databases, its cookie files; looks and changes nothing.
import type { SourceDraft } from '../../../shared/model/backup.ts'
import type { CheckUnit } from '../../../shared/model/check.ts'
import { parseFoundFiles } from '../../parse/discovery.ts'
import type { SourceContext } from '../source.ts'
import { askHost } from './ask-host.ts'
import { lastOf } from './host-place.ts'
import { readUnitFiles, unitFilesScript } from './unit-files.ts'

/** Folders that belong to the system: what lies there is nobody's own. */
const notOwn =
  /^\/(usr|bin|sbin|lib|etc|proc|sys|dev|run|boot|tmp|root|home|var|opt|srv)?$|^\/(usr|proc|sys|dev|boot)\//

const look = `find -P "$1" -maxdepth 4 -xdev -type f \\( -name '*.db' -o -name '*.sqlite' -o -name '*.sqlite3' -o -iname '*cookie*' -o -iname '*storage*state*.json' \\) ! -path '*/node_modules/*' ! -path '*/venv/*' ! -path '*/.venv/*' ! -path '*/.git/*' 2>/dev/null | head -n 100 |
while IFS= read -r f; do
  case "$f" in
    *.db|*.sqlite|*.sqlite3) case "$(head -c 15 "$f" 2>/dev/null)" in 'SQLite format 3') printf 'sqlite %s\\n' "$f";; esac;;
    *.txt|*.json|*.cookies) printf 'cookies %s\\n' "$f";;
  esac
done
du -sk --apparent-size -- "$1" 2>/dev/null | awk '{ print "size " $1 }'
true`

/** A folder above this is not proposed as a whole. */
const mostFolderKilobytes = 2 * 1024 * 1024
/** What can be had again, or is only of use while it runs. */
const again = ['__pycache__', '*.pyc', 'node_modules', 'venv', '.venv', '.git', '*.log', '*.sock', '*.pid', 'core']

export async function proposeForUnit(
  context: SourceContext,
  unit: CheckUnit,
): Promise<{ source: SourceDraft; reason: string }[]> {
  const system = unit.scope === 'system'
  const sudo = system && context.sudo
  const answer = await askHost(
    context,
    `The look at ${unit.name}`,
    ['sh', '-c', unitFilesScript, 'sh', unit.scope, unit.name],
    {
      sudo,
      timeout: 30_000,
    },
  )
  const { shown, files, environment } = readUnitFiles(answer.text)
  const proposals: { source: SourceDraft; reason: string }[] = []
  const keys = new Set<string>()
  const add = (name: string, type: string, spec: Record<string, unknown>, reason: string): void => {
    proposals.push({ source: { key: keyOf(name, keys), type, spec }, reason })
  }
  if (files.length > 0) {
    const more = environment.length === 0 ? '' : ` and what it reads its settings from (${environment.join(', ')})`
    const spec = { scope: unit.scope, name: unit.name, files: environment, asRoot: sudo }
    add('definition', 'unit', spec, `Its unit file, drop-ins${more}`)
  }
  const folder = (shown.get('WorkingDirectory') ?? '').replace(/^[!-]+/, '').replace(/\/+$/, '')
  if (!folder.startsWith('/') || notOwn.test(folder)) return proposals
  const inside = await askHost(context, `The look into ${folder}`, ['sh', '-c', look, 'sh', folder], {
    sudo,
    timeout: 60_000,
  })
  const found = parseFoundFiles(inside.text)
  const databases = found.filter(({ kind }) => kind === 'sqlite')
  for (const { path } of databases)
    add(lastOf(path), 'sqlite', { path, asRoot: sudo }, `A SQLite database in its folder ${folder}`)
  const kilobytes = Number(/^size (\d+)$/m.exec(inside.text)?.[1] ?? Number.NaN)
  // a folder with a database in it is not taken as a whole: put back together, the folder would replace the database
  if (databases.length === 0 && kilobytes <= mostFolderKilobytes) {
    const spec = { path: folder, excludes: again, asRoot: sudo }
    add('folder', 'files', spec, `Its folder, without what can be had again`)
    return proposals
  }
  for (const { path, kind } of found)
    if (kind === 'cookies') add(lastOf(path), 'files', { path, asRoot: sudo }, `A cookie file in its folder ${folder}`)
  return proposals
}

function keyOf(name: string, taken: Set<string>): string {
  const plain =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 36) || 'part'
  let key = plain
  for (let n = 2; taken.has(key); n++) key = `${plain}-${n}`
  taken.add(key)
  return key
}
