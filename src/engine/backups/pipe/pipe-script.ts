// The POSIX sh that runs a program on the host as one end of a backup and tells honestly how it went; knows no source.
//
// - What is sent is hashed on the host as it is sent, while it flows: `tee` into one more pipe, no file. What comes is counted, too.
// - Each program of the pipe tells its own exit status. The report is lines on stderr behind a nonce, so that no program can speak for it.
// - The programs run in a session of their own. It is killed as a whole where the caller goes: stdin ends, or brings no beat for a while (a
//   link that is only half open never ends). sshd's TERM may not reach what sudo started; the end of stdin always does.
// - Secrets come on stdin, into files of a folder in memory that only this user can open; never in argv or environment.
// - All that is made on the host has a name with the process's number in it, and is removed by it or, were that killed, by the next one.
import { endTools, watchScript } from '../../lib/life-line.ts'

/** `say WORDS…` reports; `scratch FOLDER… BYTES` makes the one folder for a copy and sets $scratch, or fails. For programs that are scripts. */
export const pipeTools = String.raw`say() { printf '\n%s %s\n' "$QD_N" "$*" >&2; }
fail() { code=$1; shift; say fail "$code" "$*"; exit 3; }
sweep() { for old in "$1"/.quarterdeck-dump-*; do
  [ -d "$old" ] && [ -O "$old" ] || continue
  pid=$(printf %s "$old" | sed 's/.*-dump-\([0-9]*\)-.*/\1/'); mark=$(printf %s "$old" | sed 's/.*-//')
  if tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | grep -q -- "$mark"; then :; else rm -rf -- "$old"; fi
done; }
free_of() { df -Pk -- "$1" 2>/dev/null | awk 'NR == 2 { printf "%.0f", $4 * 1024 }'; }
scratch() { need=$1; shift; most=0
  for folder; do
    [ -d "$folder" ] && [ -w "$folder" ] || continue
    sweep "$folder"
    free=$(free_of "$folder"); [ -n "$free" ] || continue
    if [ "$(awk -v f="$free" -v n="$need" 'BEGIN { print (f > n * 1.05 + 16777216) }')" = 1 ]; then
      scratch=$folder/.quarterdeck-dump-$QD_PID-$QD_N
      mkdir -m 700 -- "$scratch" 2>/dev/null && { say temp "$scratch"; return 0; }
    fi
    [ "\${free:-0}" -le "$most" ] 2>/dev/null || most=$free
  done
  fail DISK_FULL "A copy of $need bytes has to be made on the host first, and the most that is free there is $most bytes"
}`.replaceAll('\\$', '$')

/**
 * argv of the body: the program. Its stdout is compressed, hashed and sent. How much the compression has read is told each second, where /proc tells.
 * Who tells it lives as long as the compression: were it gone before, its number might be somebody else's by the time that it is ended.
 */
const body = String.raw`say() { printf '\n%s %s\n' "$QD_N" "$*" >&2; }
pack() { case $QD_C in zstd) exec zstd -1 -q -c $QD_Z;; gzip) exec gzip -1 -c;; *) exec cat;; esac; }
far() { while sleep 1 2>/dev/null && kill -0 "$1" 2>/dev/null; do IFS=' ' read -r _ at 2>/dev/null < "/proc/$1/io" && say at "$at"; done; }
exec 6>&1; unset QD_BODY QD_WATCH
{
  { "$@" 6>&- 7>&-; say exit dump $?; } |
  { exec 5<&0; (pack) <&5 5<&- & c=$!; exec 5<&-; (far $c) >/dev/null & f=$!
    wait $c; r=$?; kill $f 2>/dev/null; say exit compress $r; } 6>&- 7>&- |
  { tee /dev/fd/7 >&6; say exit tee $?; }
} 7>&1 | { x=$(eval "$QD_H"); r=$?; say exit hash $r; say sha256 \${x%% *}; } 6>&-`.replaceAll('\\$', '$')

/** The other way: stdin (behind the secrets) is counted and hashed, then it is the program's. */
const sinkBody = String.raw`say() { printf '\n%s %s\n' "$QD_N" "$*" >&2; }
unset QD_BODY QD_WATCH
{ {
  { tee /dev/fd/7 /dev/fd/8; say exit tee $?; } |
  { "$@" 7>&- 8>&- >&2; say exit program $?; } 7>&- 8>&-
} 7>&1 | { x=$(eval "$QD_H"); r=$?; say exit hash $r; say sha256 \${x%% *}; } 8>&-
} 8>&1 | { x=$(wc -c); r=$?; say exit count $r; say bytes $x; }`.replaceAll('\\$', '$')

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** argv: nonce, wanted compression, number of secret files, seconds without a beat, folders for scratch behind a count, the program. */
const main = (inner: string, beats: boolean): string =>
  String.raw`LC_ALL=C; export LC_ALL; umask 077
QD_N=$1 want=$2 files=$3 patience=$4; shift 4
QD_PID=$$ p= w= QD_PRIVATE= QD_Z= scratch=; export QD_N QD_PID QD_PRIVATE QD_Z
has() { command -v "$1" >/dev/null 2>&1; }
say() { printf '\n%s %s\n' "$QD_N" "$*" >&2; }
exec 3<&0 </dev/null
near=$1; shift
clean() { [ -z "$QD_PRIVATE" ] || rm -rf -- "$QD_PRIVATE"
  for folder in "$near" /var/tmp /tmp; do [ -z "$folder" ] || rm -rf -- "$folder/.quarterdeck-dump-$$-$QD_N"; done; }
${endTools}
trap 'trap "" TERM INT HUP PIPE; unwatch; stop; clean; exit 143' TERM INT HUP PIPE
if [ "$files" -gt 0 ]; then
  for t in /dev/shm "/run/user/$(id -u)" "\${TMPDIR:-/tmp}"; do
    [ -d "$t" ] && [ -w "$t" ] && QD_PRIVATE=$(mktemp -d "$t/.quarterdeck-XXXXXXXXXX" 2>/dev/null) && break
  done
  [ -n "$QD_PRIVATE" ] || { say fail COMMAND_FAILED "There is no folder on the host for a file that only this user can read"; exit 3; }
  while [ "$files" -gt 0 ]; do
    IFS=' ' read -r name lines <&3 || { clean; exit 3; }
    : > "$QD_PRIVATE/$name"
    while [ "$lines" -gt 0 ]; do
      IFS= read -r line <&3 || { clean; exit 3; }
      printf '%s\n' "$line" >> "$QD_PRIVATE/$name"; lines=$((lines - 1))
    done
    files=$((files - 1))
  done
fi
case $want in auto|zstd) if has zstd; then QD_C=zstd; zstd -1 -q -c --single-thread </dev/null >/dev/null 2>&1 && QD_Z=--single-thread; elif has gzip; then QD_C=gzip; else QD_C=none; fi;;
  gzip) if has gzip; then QD_C=gzip; else QD_C=none; fi;; *) QD_C=none;; esac
if has openssl && openssl dgst -sha256 -r </dev/null >/dev/null 2>&1; then QD_H='openssl dgst -sha256 -r'
elif has sha256sum; then QD_H=sha256sum
elif has shasum; then QD_H='shasum -a 256'
elif has python3; then QD_H='python3 -c "import hashlib,sys
h=hashlib.sha256()
for b in iter(lambda:sys.stdin.buffer.read(1048576),b\"\"):h.update(b)
print(h.hexdigest())"'
else say fail UNSUPPORTED "No program on the host can make a SHA-256: install coreutils or openssl"; clean; exit 3; fi
export QD_C QD_H
gentle=; if has nice; then gentle='nice -n 10'; fi
if has ionice && ionice -c 2 -n 7 true 2>/dev/null; then gentle="$gentle ionice -c 2 -n 7"; fi
own=; if has setsid; then own=setsid; fi
say start $QD_C
${
  beats
    ? '$own $gentle sh -c "$QD_BODY" sh "$@" 3<&- & p=$!\n$own sh -c "$QD_WATCH" sh "$patience" $$ <&3 3<&- >/dev/null 2>&1 & w=$!'
    : '$own $gentle sh -c "$QD_BODY" sh "$@" <&3 3<&- & p=$!'
}
exec 3<&-
wait $p; r=$?
unwatch
clean
say end $r`
    .replaceAll('\\$', '$')
    .replace(
      'QD_PID=$$',
      () => `QD_BODY=${quoted(inner)} QD_WATCH=${quoted(watchScript)}; export QD_BODY QD_WATCH\nQD_PID=$$`,
    )

const pulling = main(body, true)
const pushing = main(sinkBody, false)

export interface PipeArguments {
  readonly nonce: string
  readonly secrets: number
  readonly patienceSeconds: number
  /** A folder beside which a copy may be made, where the program needs one. */
  readonly near: string | null
  readonly argv: readonly string[]
}

/** The argv whose stdout is the program's, in the compression that it tells first. */
export function pullArgv(its: PipeArguments & { readonly compression: string }): string[] {
  return ['sh', '-c', pulling, 'sh', ...head(its, its.compression), ...its.argv]
}

/** The argv whose stdin, behind the secrets, is the program's. */
export function pushArgv(its: PipeArguments): string[] {
  return ['sh', '-c', pushing, 'sh', ...head(its, 'none'), ...its.argv]
}

const head = (its: PipeArguments, compression: string): string[] => [
  its.nonce,
  compression,
  String(its.secrets),
  String(its.patienceSeconds),
  its.near ?? '',
]
