// Which files make up a service's definition, as systemd tells it; knows no backup.
import { parseSystemctlShow } from '../../parse/systemctl-show.ts'

/** argv: scope, unit, further files. Tells what systemd knows of the unit, then of each file whether it is there. */
export const unitFilesScript = String.raw`LC_ALL=C; export LC_ALL
scope=$1 unit=$2; shift 2
show() { if [ "$scope" = user ]; then XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user show "$@"; else systemctl show "$@"; fi; }
told=$(show -p Id -p FragmentPath -p DropInPaths -p EnvironmentFiles -p WorkingDirectory -p User -p ExecStart -- "$unit") || exit 1
printf '%s\n' "$told" | sed 's/^/show /'
tell() { if [ -f "$1" ]; then printf 'file %s %s\n' "$(stat -L -c '%s %Y' -- "$1")" "$1"; else printf 'missing %s\n' "$1"; fi; }
f=$(printf '%s\n' "$told" | sed -n 's/^FragmentPath=//p'); [ -z "$f" ] || tell "$f"
for d in $(printf '%s\n' "$told" | sed -n 's/^DropInPaths=//p'); do tell "$d"; done
for f; do tell "$f"; done`

export function readUnitFiles(text: string): {
  files: string[]
  missing: string[]
  bytes: number
  changedAt: number
  shown: ReadonlyMap<string, string>
  /** What its settings are read from. */
  environment: string[]
} {
  const files: string[] = []
  const missing: string[] = []
  let bytes = 0
  let changedAt = 0
  const shown: string[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('show ')) shown.push(line.slice(5))
    else if (line.startsWith('missing ')) missing.push(line.slice(8))
    const file = /^file (\d+) (\d+) (\/.*)$/.exec(line)
    if (file?.[3] === undefined || files.includes(file[3])) continue
    files.push(file[3])
    bytes += Number(file[1])
    changedAt = Math.max(changedAt, Number(file[2]) * 1_000)
  }
  return {
    files,
    missing,
    bytes,
    changedAt,
    environment: shown.flatMap(line =>
      line.startsWith('EnvironmentFiles=') ? environmentFiles(line.slice('EnvironmentFiles='.length)) : [],
    ),
    shown: parseSystemctlShow(shown.join('\n'), 2_000).units[0] ?? new Map(),
  }
}

/** The paths in a line of `EnvironmentFiles=`: `/etc/bot.env (ignore_errors=yes)`, one or more. */
export function environmentFiles(value: string): string[] {
  return [...value.matchAll(/(\/\S.*?) \(ignore_errors=(?:yes|no)\)/g)].flatMap(match => match[1] ?? [])
}

const folders =
  /^(?:\/etc\/systemd\/(?:system|user)|\/usr\/local\/lib\/systemd\/(?:system|user)|(?:\/usr)?\/lib\/systemd\/(?:system|user)|\/home\/[^/]+\/\.config\/systemd\/user|\/root\/\.config\/systemd\/user)\/(.+)$/

/** Is it a unit file or a drop-in of this very unit, where such files lie? */
export function isFileOfUnit(path: string, unit: string): boolean {
  const rest = folders.exec(path)?.[1]
  if (rest === undefined || path.split('/').includes('..')) return false
  const at = unit.indexOf('@')
  const dot = unit.lastIndexOf('.')
  const names = at > 0 && dot > at ? [unit, `${unit.slice(0, at + 1)}${unit.slice(dot)}`] : [unit]
  return names.some(
    name => rest === name || (rest.startsWith(`${name}.d/`) && /^[^/]+\.conf$/.test(rest.slice(name.length + 3))),
  )
}
