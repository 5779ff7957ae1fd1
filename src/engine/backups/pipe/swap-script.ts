// The POSIX sh that puts restored files in the place of the present ones on the host, all or none; knows no source.
//
// - What was restored lies beside each file as `.NAME.quarterdeck-new-ID`, what it replaces as `.NAME.quarterdeck-old-ID`: the same file system,
//   so that each step is a rename.
// - A folder `.quarterdeck-restore-ID` says which files they are, by inode, and how far it is. Whoever asks after a kill first finishes what was
//   begun: onward where all are in place, else back. So the answer is always one of two.
// - A file is replaced by one rename. A folder changes places with the new one in one step where the host has a program that can
//   (renameat2), else by two renames whose middle is mended by the next question.
// - A line with `-` for an inode is a file that must not be there afterwards (the log of a database that was replaced).

const tools = String.raw`LC_ALL=C; export LC_ALL; umask 077
die() { echo "qd-fail $*" >&2; exit 3; }
op=$1 near=$2 id=$3; shift 3
S=$near/.quarterdeck-restore-$id
has() { command -v "$1" >/dev/null 2>&1; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
beside() { d=\${1%/*}; printf %s "$d/.\${1##*/}.quarterdeck-$2-$id"; }
inode() { stat -c %i -- "$1" 2>/dev/null; }
flush() { sync -f -- "$1" 2>/dev/null || sync; }
exchange() {
  if has python3 && python3 -c 'import ctypes,os,sys
sys.exit(0 if ctypes.CDLL(None).renameat2(-100,os.fsencode(sys.argv[1]),-100,os.fsencode(sys.argv[2]),2) == 0 else 1)' "$1" "$2" 2>/dev/null; then return 0; fi
  case $(uname -m) in x86_64) n=316;; aarch64) n=276;; *) n=;; esac
  if [ -n "$n" ] && has perl && perl -e 'exit(syscall($ARGV[0]+0,-100,$ARGV[1],-100,$ARGV[2],2) == 0 ? 0 : 1)' "$n" "$1" "$2" 2>/dev/null; then return 0; fi
  mv --exchange -T -- "$1" "$2" 2>/dev/null
}
placed() { if [ "$1" = - ]; then ! there "$2"; else [ "$(inode "$2")" = "$1" ]; fi; }
put() { new=$(beside "$2" new); old=$(beside "$2" old)
  if [ "$1" = - ]; then if there "$2"; then mv -fT -- "$2" "$old" || return 1; fi; return 0; fi
  if placed "$1" "$2"; then if there "$new" && ! there "$old"; then mv -T -- "$new" "$old" || return 1; fi; return 0; fi
  there "$new" || return 1
  if ! there "$2"; then mv -T -- "$new" "$2"; return $?; fi
  if [ -f "$2" ] && [ ! -L "$2" ] && [ -f "$new" ]; then
    there "$old" || ln -- "$2" "$old" 2>/dev/null || cp -p -- "$2" "$old" || return 1
    mv -fT -- "$new" "$2"; return $?
  fi
  if exchange "$2" "$new"; then mv -T -- "$new" "$old"; return $?; fi
  mv -T -- "$2" "$old" && mv -T -- "$new" "$2"
}
back() { new=$(beside "$2" new); old=$(beside "$2" old)
  if [ "$1" = - ]; then if there "$old"; then rm -f -- "$2"; mv -T -- "$old" "$2" || return 1; fi; return 0; fi
  if placed "$1" "$2"; then
    if there "$old"; then
      if [ -f "$2" ] && [ -f "$old" ]; then there "$new" || ln -- "$2" "$new" 2>/dev/null; mv -fT -- "$old" "$2"; return $?; fi
      if exchange "$2" "$old"; then mv -T -- "$old" "$new"; return $?; fi
      mv -T -- "$2" "$new" && mv -T -- "$old" "$2"; return $?
    fi
    if there "$new"; then exchange "$2" "$new"; return $?; fi
    mv -T -- "$2" "$new"; return $?
  fi
  if [ "$(inode "$old")" = "$1" ]; then mv -T -- "$old" "$new"; return $?; fi
  if there "$old"; then
    if there "$2"; then [ "$(inode "$2")" != "$(inode "$old")" ] || rm -f -- "$old"; else mv -T -- "$old" "$2" || return 1; fi
  fi
  return 0
}
each() { while IFS= read -r line <&4; do "$1" "\${line%% *}" "\${line#* }" || return 1; done 4< "$S/\${2:-pairs}"; }
clear_off() { [ "$1" != - ] || rm -f -- "$2"; }
settle() {
  if [ -e "$S/is-back" ]; then
    # what the new one made is of no use to the old one and would harm it; once only, for then the old one's own comes back
    if [ ! -e "$S/is-clear" ]; then each clear_off; : > "$S/is-clear"; fi
    each back || die "What was there before could not be put back in place: look into $S"
    rm -f -- "$S/is-swapped" "$S/is-swapping" && rm -f -- "$S/is-back" && rm -f -- "$S/is-clear"; state=staged
  elif [ -e "$S/is-swapped" ]; then state=swapped
  elif [ -e "$S/is-swapping" ]; then
    if each placed; then each put && mv -T -- "$S/is-swapping" "$S/is-swapped" && state=swapped
    else each back || die "What was there before could not be put back in place: look into $S"; rm -f -- "$S/is-swapping"; state=staged; fi
  elif [ -e "$S/pairs" ]; then state=staged
  else state=nothing; fi
}
# A step whose link was cut may arrive late. Each question draws a new number, and what was told to act under an older one no longer does.
number() { cat -- "$S/number" 2>/dev/null || echo 0; }
only() { [ "$(number)" = "$1" ] || die "This step came too late: the restore was asked about meanwhile"; }
drop_new() { rm -rf -- "$(beside "$2" new)"; }
# No longer staged first: were it killed in the middle, what is left must not count for whole.
drop_staged() { if [ -e "$S/pairs" ]; then mv -fT -- "$S/pairs" "$S/planned"; fi
  if [ -e "$S/planned" ]; then each drop_new planned; fi; rm -rf -- "$S"; }
drop_old() { rm -rf -- "$(beside "$2" old)"; }
tell_old() { old=$(beside "$2" old); if there "$old" && [ "$1" != - ]; then printf 'kept %s\n' "$old"; fi; return 0; }`

const ops = String.raw`if [ "$op" = open ] && [ ! -d "$near" ]; then mkdir -p -- "$near" || die "The folder $near cannot be made"; fi
# a step whose link was cut may still be at work: who asks waits for it
if has flock && [ -d "\${near:-/}" ]; then exec 9< "\${near:-/}"; flock -w 60 9 || die "Another restore is at work in $near"; fi
case $op in
open)
  [ -w "$near" ] || die "permission denied: nothing can be made in $near"
  only "$1"; settle; [ "$state" != swapped ] || die "It is in place already"
  # what a late beginning left
  find "\${near:-/}" -maxdepth 1 -name '.quarterdeck-restore-*' -mmin +1440 2>/dev/null | while IFS= read -r d; do [ -e "$d/pairs" ] || rm -rf -- "$d"; done
  drop_staged; mkdir -m 700 -- "$S" || exit 1;;
done) [ -d "$S" ] || die "The restore was given up meanwhile"
  : > "$S/pairs.new"; odd=1; for word; do if [ $odd = 0 ]; then printf 'x %s\n' "$word"; fi; odd=$((1 - odd)); done > "$S/planned"
  while [ $# -gt 1 ]; do from=$1 to=$2; shift 2
    if [ "$from" = - ]; then printf '%s %s\n' - "$to" >> "$S/pairs.new"; continue; fi
    new=$(beside "$to" new); d=\${to%/*}; [ -d "\${d:-/}" ] || mkdir -p -- "$d" || exit 1
    rm -rf -- "$new"; mv -T -- "$S/$from" "$new" || exit 1
    flush "$new"; printf '%s %s\n' "$(inode "$new")" "$to" >> "$S/pairs.new"
  done
  mv -T -- "$S/pairs.new" "$S/pairs"; flush "$S";;
number) echo "number $(number)";;
swap) only "$1"; shift; settle
  if [ "$state" = nothing ]; then die "Nothing is staged"; fi
  if [ "$state" = staged ]; then : > "$S/is-swapping"; eval "$1" || { rm -f -- "$S/is-swapping"; exit 3; }
    each put || { settle; die "The new one could not be put in place"; }
    mv -T -- "$S/is-swapping" "$S/is-swapped"; flush "$S"; fi
  eval "$2"; each tell_old;;
back) only "$1"; shift; settle
  if [ "$state" = swapped ]; then : > "$S/is-back"; settle; flush "$S"; eval "$1"; fi;;
state) if [ -d "$S" ]; then n=$(number); echo $((n + 1)) > "$S/number.new"; mv -fT -- "$S/number.new" "$S/number"; fi
  settle; echo "state $state";;
discard) settle
  if [ "$state" != swapped ]; then drop_staged; fi;;
drop) settle
  if [ "$state" = swapped ]; then each drop_old; rm -rf -- "$S"; fi;;
esac`

const script = `${tools}\n${ops}`.replaceAll('\\$', '$')

export type SwapOp = 'open' | 'done' | 'number' | 'swap' | 'back' | 'state' | 'discard' | 'drop'

/** The argv of one step. `near` is the folder in which the restore keeps its own. */
export const swapArgv = (op: SwapOp, near: string, id: string, ...more: string[]): string[] => [
  ...['sh', '-c', script, 'sh', op, near, id],
  ...more,
]
