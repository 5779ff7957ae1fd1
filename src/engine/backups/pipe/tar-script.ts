// The POSIX sh that makes archives on the host and unpacks them there, with GNU tar and find; knows no link.
import { pipeTools } from './pipe-script.ts'

/** What may be in an archive: folders, files without setuid, links. As words of find. */
const good = [
  '(',
  '-type',
  'd',
  '!',
  '-perm',
  '/4000',
  '-o',
  '-type',
  'f',
  '!',
  '-perm',
  '/6000',
  '-o',
  '-type',
  'l',
  ')',
]

export interface Selection {
  readonly excludes: readonly string[]
  readonly includes: readonly string[]
  readonly oneFileSystem: boolean
}

/** With them the folders keep their rights, the top one too. */
const foldersAbove = (path: string): string[] =>
  path
    .split('/')
    .slice(0, -1)
    .flatMap((_, at, all) => ['-o', '-path', all.slice(0, at + 1).join('/'), '-type', 'd'])

/** A pattern with a slash (`./data`, too) is a path from the top, one without is a name at any depth. `*` matches slashes, too. */
const matching = (patterns: readonly string[], deep: boolean): string[] => {
  const words = patterns.flatMap(given => {
    const pattern = given.replace(/^\.?\/+|\/+$/g, '')
    const path = `./${pattern}`
    const anywhere = !pattern.includes('/') && !/^\.?\//.test(given)
    if (deep) return [...foldersAbove(path), '-o', '-path', path, '-o', '-path', `${path}/*`]
    return anywhere ? ['-o', '-name', pattern] : ['-o', '-path', path]
  })
  return ['(', ...words.slice(1), ')']
}

const oddName = ['-name', '*\n*']

/** find's words for what is taken, but for what may not be in an archive. */
export function taken(its: Selection): string[] {
  return [
    ...(its.oneFileSystem ? ['-xdev'] : []),
    ...(its.excludes.length > 0 ? [...matching(its.excludes, false), '-prune', '-o'] : []),
    ...(its.includes.length > 0 ? matching(its.includes, true) : []),
    ...['!', ...oddName],
  ]
}

/** find's words for what the selection lets lie, at any depth: what a restore in place takes over from the present folder. */
export function left(its: Selection): string[] {
  const excluded = its.excludes.length > 0 ? [...matching(its.excludes, false), '-print', '-prune', '-o'] : []
  const others =
    its.includes.length > 0 ? ['!', ...matching(its.includes, true), '!', '-type', 'd', '-print', '-o'] : []
  return ['-mindepth', '1', ...excluded, ...others, '!', ...good, '-print']
}

/** Lets by what may be in an archive; the links that point outside are told instead (or, with inverse=1, they alone are let by). */
const links = String.raw`function outside(path, to,   n, i, parts, depth) {
  if (to == "" || to ~ /^\//) return 1
  depth = split(path, parts, "/") - 2; n = split(to, parts, "/")
  for (i = 1; i <= n; i++) { if (parts[i] == "" || parts[i] == ".") continue; depth += parts[i] == ".." ? -1 : 1; if (depth < 0) return 1 }
  return 0
}
/^- / { if (++special <= 20) printf "\n%s fact odd %s\n", ENVIRON["QD_N"], substr($0, 3) > "/dev/stderr"; next }
{ kind = substr($0, 1, 1); rest = substr($0, 3); at = index(rest, "\t->\t"); path = substr(rest, 1, at - 1); to = substr(rest, at + 4)
  out = kind == "l" && outside(path, to)
  if (out && !inverse && ++left <= 20) printf "\n%s fact left %s -> %s\n", ENVIRON["QD_N"], path, to > "/dev/stderr"
  if (inverse ? out : !out) print path }
END { if (!inverse) printf "\n%s fact links %d\n\n%s fact specials %d\n", ENVIRON["QD_N"], left, ENVIRON["QD_N"], special > "/dev/stderr" }`

/** What tar says: files that changed or went while it read are told and counted, everything else is a failure. */
const judge = String.raw`/^exit [0-9]+$/ { code = $2; next }
/: file changed as we read it$|: File shrank by / { changed++; next }
/: No such file or directory$|: File removed before we read it$/ { gone++; next }
/: socket ignored$|^tar: Exiting with failure status/ { next }
{ bad = 1; print > "/dev/stderr" }
END { printf "\n%s fact changed %d\n\n%s fact gone %d\n", ENVIRON["QD_N"], changed, ENVIRON["QD_N"], gone > "/dev/stderr"
  exit (code > 2 || bad) ? (code > 0 ? code : 1) : 0 }`

const need = `flags=; case $(tar --version 2>/dev/null) in *GNU*) ;; *) fail UNSUPPORTED "GNU tar is needed on the host";; esac
find . -maxdepth 0 -printf '' 2>/dev/null || fail UNSUPPORTED "GNU find is needed on the host"
say fact tar "$(tar --version | head -n 1)"
make='--format=posix --pax-option=delete=atime,delete=ctime --numeric-owner --no-recursion --no-unquote'
if tar --help | grep -q -- --xattrs-include; then make="$make --xattrs --xattrs-include=user.* --acls"; fi`

const making = `exec 5>&1; LC_ALL=C; export LC_ALL; set -f`

/** argv: path, the two awk programs, find's words. */
export const tarFolder = String.raw`${pipeTools}
${need}
path=$(readlink -f -- "$1") && [ -e "$path" ] || fail NOT_FOUND "There is no $1"
links=$2 judge=$3; shift 3
[ -r "$path" ] || fail ACCESS_DENIED "$path may not be read; turn on \"as root\""
if [ -d "$path" ]; then cd -- "$path" || exit 1; say fact kind folder; start=.
else [ -f "$path" ] || fail INVALID_INPUT "$path is neither a file nor a folder"
  cd -- "\${path%/*}/" || exit 1; say fact kind file; start=./\${path##*/}; set -- -type f; fi
${making}
{ { find "$start" "$@" \( ${good.map(word => (/[()!]/.test(word) ? `'${word}'` : word)).join(' ')} -printf '%y %p\t->\t%l\n' -o -printf '- %p\n' \); say fact find $?; } | awk "$links" |
  tar -cf - $make -T - 2>&1 >&5; echo "exit $?"; } | awk "$judge"`.replaceAll('\\$', '$')

/** argv: the awk program, the absolute paths. All of them have to be there. */
export const tarFiles = String.raw`${pipeTools}
${need}
judge=$1; shift; cd / || exit 1
for f; do [ -f "$f" ] && [ -r "$f" ] || fail ACCESS_DENIED "$f may not be read; turn on \"as root\""; done
${making}
{ for f; do printf '.%s\n' "$f"; done | tar -cf - $make --dereference --hard-dereference -T - 2>&1 >&5; echo "exit $?"; } | awk "$judge"`.replaceAll(
  '\\$',
  '$',
)

/** argv: folder that is there. Unpacks stdin into it; what comes has been judged already. */
export const untar = `LC_ALL=C; export LC_ALL; umask 077
flags='-p --numeric-owner --delay-directory-restore'
if tar --help | grep -q -- --xattrs-include; then flags="$flags --xattrs --xattrs-include=user.* --acls"; fi
set -f; exec tar -xf - $flags -C "$1"`

/** argv: present folder, staged folder, the awk program, `links` or `left`, find's words. It may come again: what it brought before is replaced. */
export const takeOver = String.raw`LC_ALL=C; export LC_ALL
path=$1 tree=$2 links=$3 what=$4; shift 4
[ -d "$path" ] && [ ! -L "$path" ] && [ -d "$tree" ] || exit 0
# as the steps of the restore: none goes on while another one is still at work
if command -v flock >/dev/null 2>&1; then exec 9< "\${path%/*}/"; flock -w 60 9 || exit 1; fi
if awk -v p="$(readlink -f -- "$path")/" 'index($5, p) == 1 { found = 1 } END { exit !found }' /proc/self/mountinfo; then
  echo "qd-fail Another disk is mounted below $path: restore to another place instead" >&2; exit 3; fi
cd -- "$path" || exit 1
flags=--numeric-owner; if tar --help | grep -q -- --xattrs-include; then flags="$flags --xattrs --xattrs-include=user.* --acls"; fi
set -f
if [ "$what" = links ]; then find . "$@" -type l -printf '%y %p\t->\t%l\n' | awk -v inverse=1 "$links"; else find . "$@"; fi |
  tar -cf - $flags --no-unquote -T - | tar -xf - -p $flags --delay-directory-restore -C "$tree"`.replaceAll('\\$', '$')

export const awkLinks = links
export const awkJudge = judge
