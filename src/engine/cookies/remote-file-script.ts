// The POSIX sh that looks at a cookie file and replaces it, on the host itself (semantics 26, 27); knows no rule: what may be written is decided here, in the engine.
//
// What sh can and cannot do, and what stands in for it:
// - There is no openat. `cd -P` pins the folder: every name after it is relative to that very folder, whatever happens to the path above.
// - `set -C` opens with O_CREAT|O_EXCL where nothing of that name lies there, a dangling link included; shells look first, and open what is no
//   regular file. So the name is drawn at random, and what came to be is looked at before anything secret goes into it.
// - There is no fchown: names have to do. That is safe only where nobody else can swap names, so root never works in a folder that belongs
//   to someone else: it becomes that owner first (setpriv, else chroot of coreutils), who is the owner of the file too.
// - There is no fsync: `sync FILE` of coreutils (without arguments in older ones and in busybox: all disks, which is more), else python3, else perl.
// - A hash: sha256sum, else python3, perl or openssl. An access control list: getfacl and setfacl, else python3; perl has no xattr.
// - There is no lock, and none is needed: whoever writes or settles first removes all unfinished files but its own and only then compares. A
//   writer whose file was removed cannot rename it any more, so of two writers at most one comes through, and a late one never.
// - Content comes on stdin after a line with the two hashes and the size, never in argv or environment: sudo logs argv, and ps shows it.
import type { WriteStep } from './remote-file-types.ts'

/** Goes to the folder and, where root would work in somebody's own folder, becomes that owner. argv: script, folder, name, … */
const enter = String.raw`LC_ALL=C; export LC_ALL; umask 077
cd -P -- "$2" 2>/dev/null || { echo stop look folder; exit 3; }
b=$1; shift
command -v stat >/dev/null && command -v id >/dev/null || { echo stop look tools stat; exit 3; }
if [ "$(id -u)" = 0 ]; then
  s=$(stat -c '%u %g %F' -- "./$2" 2>/dev/null); d=$(stat -c %u .)
  u=\${s%% *}; g=\${s#* }; g=\${g%% *}
  case $s in *' regular '*) if [ "$d" != 0 ] && [ "$d" = "$u" ]; then
    if setpriv --reuid="$u" --regid="$g" --clear-groups true 2>/dev/null; then
      exec setpriv --reuid="$u" --regid="$g" --clear-groups sh -c "$b" sh "$@"
    elif chroot --userspec="+$u:+$g" --groups= --skip-chdir / true 2>/dev/null; then
      exec chroot --userspec="+$u:+$g" --groups= --skip-chdir / sh -c "$b" sh "$@"
    fi
    echo stop look tools become; exit 3
  fi;; esac
fi
exec sh -c "$b" sh "$@"`.replaceAll('\\$', '$')

/** `acl FILE` is the access control list as text, empty where it is no more than the mode; $tool is what can tell and copy. */
const aclTools = String.raw`has() { command -v "$1" >/dev/null 2>&1; }
if has getfacl && has setfacl; then tool=setfacl; elif has python3; then tool=python3; else tool=none; fi
case $(ls --version 2>/dev/null) in *coreutils*) marks=yes;; *) marks=no;; esac
plus() { p=$(ls -ldn -- "./$1") || return 2; case \${p%% *} in *+) return 0;; esac; [ $marks = no ] || return 1; return 2; }
acl() {
  plus "$1"; p=$?
  [ $p = 1 ] && return 0
  case $tool in
    setfacl) getfacl -scpn -- "./$1" 2>/dev/null;;
    python3) python3 -c '
import os,sys
try: print(os.getxattr(sys.argv[1],"system.posix_acl_access").hex())
except OSError as e: sys.exit(0 if e.errno in (61,95) else 1)' "./$1";;
    *) echo unknown; [ $p = 0 ] && echo some;;
  esac
}`.replaceAll('\\$', '$')

/** argv: folder, name, prefix of unfinished files, of old ones, `yes` where unfinished ones are to go, `yes` where the content is wanted. */
const looking = String.raw`${aclTools}
name=$2 unfinished=$3 olds=$4
say() { printf '%s\n' "$*"; }
if [ "$5" = yes ]; then for f in "./$unfinished"*; do [ ! -f "$f" ] || rm -f -- "$f"; done; fi
say me "$(id -u)" "$(id -G)"
say folder "$(stat -c '%u %a %d:%i %U' .)"
if [ -w . ]; then say folder-rights yes; fi
(top=$(stat -c %d:%i /); while [ "$(stat -c %d:%i .)" != "$top" ]; do cd -P .. 2>/dev/null || break; say above "$(stat -c %a .)"; done)
for f in "./$olds"*; do if [ -f "$f" ] && [ ! -L "$f" ]; then f=\${f#"./$olds"}; case $f in *[!0-9a-fTZ-]*) ;; *) say old "$f";; esac; fi; done
s=$(stat -c '%u %g %a %h %d:%i %s %Y %U %G %F' -- "./$name" 2>/dev/null) || { say end; exit 0; }
say file "$s"
case $s in *' regular '*) ;; *) say end; exit 0;; esac
say acl "$tool" $(acl "$name" | head -c 60)
if has lsattr; then f=$(lsattr -d -- "./$name" 2>/dev/null); say flags "\${f%% *}"; fi
if [ -r "./$name" ]; then say readable yes; fi
if [ "$6" = yes ] && [ -r "./$name" ] && [ "$(stat -c %s -- "./$name")" -le 1048576 ]; then
  say content "$(stat -c '%d:%i %s %y' -- "./$name")"
  cat <"./$name" || exit 4
  printf '\nafter %s\n' "$(stat -c '%d:%i %s %y' -- "./$name")" >&2
else say end; fi`.replaceAll('\\$', '$')

/**
 * argv: folder, name, new file, name of the copy, prefix of unfinished and of old files, the file and the folder as they were recorded, has it a
 * list (`some`), is a backup to be made (`yes`). stdin: `OLD-SHA NEW-SHA BYTES`, then the content. Whatever
 * fails after another writer removed the new file, failed for that: `busy`.
 */
const tools = String.raw`${aclTools}
LC_ALL=C; export LC_ALL; umask 077; trap '' PIPE
name=$2 new=$3 copy=$4 unfinished=$5 olds=$6 file=$7 folder=$8 list=$9; shift 9; keep=$1
at=look saved= made= me=$(id -u)
say() { printf '%s\n' "$*" 2>/dev/null || :; }
stop() {
  [ -z "$made" ] || [ -e "./$new" ] || set -- busy
  rm -f -- "./$new" "./$copy"; [ -z "$saved" ] || rm -f -- "./$saved"
  say stop $at "$*"; exit 3
}
trap 'stop ended' HUP INT TERM
sum() {
  if has sha256sum; then s=$(sha256sum <"$1")
  elif has python3; then s=$(python3 -c 'import hashlib,sys;print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())' <"$1")
  elif has perl && perl -MDigest::SHA -e 1 2>/dev/null; then s=$(perl -MDigest::SHA -e 'print Digest::SHA->new(256)->addfile(*STDIN)->hexdigest' <"$1")
  elif has openssl; then s=$(openssl dgst -sha256 -r <"$1")
  else stop tools sha256sum; fi
  s=\${s%% *}
}
flush() {
  if has sync; then said=$(sync "$1" 2>&1)
  elif has python3; then said=$(python3 -c 'import os,sys;f=os.open(sys.argv[1],os.O_RDONLY);os.fsync(f)' "$1" 2>&1)
  elif has perl; then said=$(perl -MIO::Handle -e 'open(F,"<",$ARGV[0]) && F->sync or die "$!"' "$1" 2>&1)
  else stop tools sync; fi || stop host "$said"
}
make() {
  said=$( (set -C; : >"./$1") 2>&1) || stop host "$said"
  chmod 600 "./$1"
  [ "$(stat -c '%u %h %a %s %F' -- "./$1")" = "$me 1 600 0 regular empty file" ] || stop busy
}
recorded() { [ "$(stat -c '%u %g %a %h %d:%i %F' -- "./$name" 2>/dev/null)" = "$file" ] && [ "$(stat -c '%u %a %d:%i' .)" = "$folder" ]; }
u=\${file%% *}; m=\${file#* }; g=\${m%% *}; m=\${m#* }; m=\${m%% *}
own() { [ "$(stat -c '%u %g' -- "./$1")" = "$u $g" ] || said=$(chown -h "$u:$g" "./$1" 2>&1) || stop owner "$said"; }`.replaceAll(
  '\\$',
  '$',
)

const steps: readonly (readonly [WriteStep, string])[] = [
  [
    'look',
    `IFS=' ' read -r was is size || stop short
recorded || stop changed`,
  ],
  ['clean', `for f in "./$unfinished"*; do [ ! -f "$f" ] || rm -f -- "$f"; done`],
  [
    'receive',
    `make "$new"
made=yes
patience=; if has timeout; then patience='timeout 120'; fi
said=$($patience cat 2>&1 >>"./$new") || stop host "$said"
[ "$(wc -c <"./$new")" -eq "$size" ] || stop short
sum "./$new"; [ "$s" = "$is" ] || stop short
flush "./$new"`,
  ],
  [
    'metadata',
    `own "$new"
a=$(acl "$name") || stop metadata acl
if [ "$(acl "$new")" != "$a" ]; then
  case $tool in
    setfacl) getfacl -cpn -- "./$name" 2>/dev/null | setfacl --set-file=- -- "./$new" 2>/dev/null;;
    python3) python3 -c '
import os,sys
n="system.posix_acl_access"
try: v=os.getxattr(sys.argv[1],n)
except OSError as e: v=None
os.setxattr(sys.argv[2],n,v) if v is not None else os.removexattr(sys.argv[2],n)' "./$name" "./$new" 2>/dev/null;;
  esac
fi
said=$(chmod "$m" "./$new" 2>&1) || stop host "$said"
c=$(stat -c %C -- "./$name" 2>/dev/null)
if [ "$c" != "$(stat -c %C -- "./$new" 2>/dev/null)" ]; then
  chcon --reference="./$name" -- "./$new" 2>/dev/null
  [ "$c" = "$(stat -c %C -- "./$new" 2>/dev/null)" ] || stop metadata label
fi
[ "$(stat -c '%u %g %a' -- "./$new")" = "$u $g $m" ] || stop metadata mode
[ "$(acl "$new")" = "$a" ] || stop metadata acl
case $list-$a in some-|none-?*) stop changed;; esac`,
  ],
  [
    'back-up',
    `if [ "$keep" = yes ]; then
make "$copy"
said=$(cat <"./$name" 2>&1 >>"./$copy") || stop host "$said"
sum "./$copy"; [ "$s" = "$was" ] || stop changed
own "$copy"; chmod 600 "./$copy"; flush "./$copy"
n=; for f in "./$olds"*; do n=\${f#"./$olds"}; n=\${n%%-*}; done
case $n in ''|*[!0-9]*) n=0;; esac
while :; do case $n in 0?*) n=\${n#0};; *) break;; esac; done
n=$(printf %06d $((n+1)))-$(date -u +%Y%m%dT%H%M%SZ)-\${new#"$unfinished"}
saved=$olds$n
said=$(mv -f -- "./$copy" "./$saved" 2>&1) || stop host "$said"
say saved "$n"
fi`,
  ],
  [
    'compare',
    `for f in "./$unfinished"*; do [ "$f" = "./$new" ] || [ ! -f "$f" ] || rm -f -- "$f"; done
recorded || stop changed
sum "./$name"; [ "$s" = "$was" ] || stop changed`,
  ],
  [
    'rename',
    `trap '' HUP INT TERM
said=$(mv -fT -- "./$new" "./$name" 2>&1) || { case $said in
  *nrecognized*|*nvalid*option*|*llegal*) [ -f "./$name" ] && [ ! -L "./$name" ] && said=$(mv -f -- "./$new" "./$name" 2>&1);;
  *) false;; esac; } || stop host "$said"`,
  ],
  [
    'settle',
    `saved= made=
flush .
set --; for f in "./$olds"*; do [ ! -f "$f" ] || set -- "$@" "$f"; done
while [ $# -gt 5 ]; do rm -f -- "$1"; shift; done`,
  ],
]

/** The argv that looks. `sweep` removes unfinished files first, which ends every writer that has not renamed yet. */
export function lookArgv(
  place: { folder: string; name: string; unfinished: string; old: string },
  { sweep = false, content = true } = {},
): string[] {
  const flags = [sweep, content].map(flag => (flag ? 'yes' : 'no'))
  return ['sh', '-c', enter, 'sh', looking, place.folder, place.name, place.unfinished, place.old, ...flags]
}

export interface WriteArguments {
  readonly folder: string
  readonly name: string
  readonly unfinished: string
  readonly old: string
  /** Random, so that nobody can be there first. */
  readonly id: string
  readonly fileStat: string
  readonly folderStat: string
  readonly acl: boolean
  readonly backUp: boolean
}

/** The argv that writes. `at` puts a line behind the start of each step, for those who prove what happens when it ends there. */
export function writeArgv(its: WriteArguments, at: (step: WriteStep) => string = () => ''): string[] {
  const parts = steps.flatMap(([step, text]) => [`at=${step}; say at ${step}`, at(step), text])
  const script = [tools, ...parts, at('read-back'), 'say done'].filter(part => part !== '').join('\n')
  const made = `${its.unfinished}${its.id}`
  const recorded = [its.fileStat, its.folderStat, its.acl ? 'some' : 'none', its.backUp ? 'yes' : 'no']
  const names = [its.folder, its.name, made, `${made}-old`, its.unfinished, its.old]
  return ['sh', '-c', enter, 'sh', script, ...names, ...recorded]
}
