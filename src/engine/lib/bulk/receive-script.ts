// The POSIX sh that keeps files on a host whole or not at all, sent through a command's stdin; knows nothing of what they are.
//
// A link that breaks ends stdin just as a file's end does. So the content is followed by a trailer that begins with a random word, and says how
// much came before it and its SHA-256: without it, or where what lies on the disk is not that, everything is removed again.
// Only what is surely the script's own is removed: a second try may have begun under the same name.

/** What follows the content: `WORD BYTES SHA256` and a newline, always of this length. */
const trailerBytes = 32 + 1 + 16 + 1 + 64 + 1

/** The trailer; `word` is 32 characters drawn at random. */
export const trailer = (word: string, whole: { bytes: number; sha256: string }): string =>
  `${word} ${String(whole.bytes).padEnd(16)} ${whole.sha256}\n`

const common = String.raw`LC_ALL=C; export LC_ALL; umask 077; trap '' PIPE
has() { command -v "$1" >/dev/null 2>&1; }
say() { printf '%s\n' "$*" 2>/dev/null || :; }
stop() { clean; say stop "$*"; exit 3; }
clean() { :; }
guard() {
  set -- $(ls -ldn .)
  case $1 in ?????w*|????????w*) stop guard;; esac
  [ "$3" = 0 ] || stop guard
}`

/** argv: folder, path, word, `yes` where it runs as root for a user who is not. Says `ready`, then `done`, or `stop` and why. */
const receive = String.raw`${common}
root=$1 path=$2 word=$3 guarded=$4 made=
clean() {
  [ -n "$made" ] && [ "$(ls -di "./$path.partial" 2>/dev/null)" = "$made" ] || return 0
  rm -f -- "./$path.partial"
  case $path in */*) rmdir -p -- "./\${path%/*}" 2>/dev/null;; esac
  return 0
}
trap 'stop ended' HUP INT TERM
sum() {
  if has openssl; then s=$(openssl dgst -sha256 -r <"$1")
  elif has sha256sum; then s=$(sha256sum <"$1")
  elif has python3; then s=$(python3 -c 'import hashlib,sys
h=hashlib.sha256()
for c in iter(lambda:sys.stdin.buffer.read(1048576),b""): h.update(c)
print(h.hexdigest())' <"$1")
  elif has perl && perl -MDigest::SHA -e 1 2>/dev/null; then s=$(perl -MDigest::SHA -e 'print Digest::SHA->new(256)->addfile(*STDIN)->hexdigest' <"$1")
  else stop tools; fi
  s=\${s%% *}
}
flush() {
  if has sync; then said=$(sync "$1" 2>&1)
  elif has python3; then said=$(python3 -c 'import os,sys;f=os.open(sys.argv[1],os.O_RDONLY);os.fsync(f)' "$1" 2>&1)
  else stop tools; fi || stop host "$said"
}
said=$(mkdir -p -- "$root" 2>&1) || stop host "$said"
cd -P -- "$root" 2>/dev/null || stop host "cannot enter: Permission denied"
[ "$guarded" != yes ] || guard
case $path in */*) said=$(mkdir -p -- "./\${path%/*}" 2>&1) || stop host "$said";; esac
rm -f -- "./$path.partial"
said=$( (set -C; : >"./$path.partial") 2>&1) || stop host "$said"
made=$(ls -di "./$path.partial")
say ready
said=$(cat 2>&1 >>"./$path.partial") || stop host "$said"
set -- $(tail -c ${trailerBytes} "./$path.partial" 2>/dev/null | tr -d '\000')
[ "$1" = "$word" ] && [ $# = 3 ] || stop short
bytes=$2 sha=$3
[ $(($(wc -c <"./$path.partial"))) = $((bytes + ${trailerBytes})) ] || stop short
said=$(dd if=/dev/null of="./$path.partial" bs=1 seek="$bytes" 2>&1) || stop host "$said"
[ $(($(wc -c <"./$path.partial"))) = "$bytes" ] || stop short
flush "./$path.partial"
sum "./$path.partial"; [ "$s" = "$sha" ] || stop differs
[ "$(ls -di "./$path.partial" 2>/dev/null)" = "$made" ] || stop busy
trap '' HUP INT TERM
said=$(mv -f -- "./$path.partial" "./$path" 2>&1) || stop host "$said"
made=
case $path in */*) flush "./\${path%/*}";; esac
flush .
say done`.replaceAll('\\$', '$')

/** argv: folder, `yes` as above, paths. Removes them and the folders that they leave empty. */
const remove = String.raw`${common}
cd -P -- "$1" 2>/dev/null || { [ ! -e "$1" ] || stop host "cannot enter: Permission denied"; say done; exit 0; }
[ "$2" != yes ] || guard
shift 2
for f; do
  said=$(rm -f -- "./$f" 2>&1) || stop host "$said"
  case $f in */*) rmdir -p -- "./\${f%/*}" 2>/dev/null;; esac
done
say done`.replaceAll('\\$', '$')

/** argv: folder, prefix or `.`. A line for each file that may be ours: bytes, seconds, path. Names that could forge a line are left out. */
const list = `${common}
cd -P -- "$1" 2>/dev/null || { [ ! -e "$1" ] || stop host "cannot enter: Permission denied"; say done; exit 0; }
[ -e "./$2" ] || { say done; exit 0; }
# files may go while it looks
tries=0
until found=$(find "./$2" -type f ! -path '*[!A-Za-z0-9._/-]*' -exec stat -c 'file %s %Y %n' -- {} + 2>/dev/null); do
  tries=$((tries + 1)); [ $tries -lt 5 ] || stop host "cannot look through the folder"
  [ -e "./$2" ] || break
done
say "$found"
say done`

/** argv: folder, path. `there`, or why not. */
const look = `${common}
[ -e "$1/$2" ] || { say gone; exit 0; }
[ -f "$1/$2" ] && [ -r "$1/$2" ] || stop host "Permission denied"
say there`

/** argv: folder. Of the file system that it lies on, or would lie on. */
const free = String.raw`${common}
d=$1; while [ ! -d "$d" ] && [ "$d" != / ] && [ -n "$d" ]; do d=\${d%/*}; done
df -P -k -- "\${d:-/}" || stop host "df does not work"`.replaceAll('\\$', '$')

const scripts = { receive, remove, list, look, free }

/** The argv that runs one of them with its arguments. */
export const keepArgv = (script: keyof typeof scripts, ...argv: string[]): string[] => [
  'sh',
  '-c',
  scripts[script],
  'sh',
  ...argv,
]
