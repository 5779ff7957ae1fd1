// The POSIX sh by which a program on a host lives no longer than whoever started it; knows no program.
//
// The program runs in a session of its own, whose leader is $p. It is ended as a whole where the caller goes: stdin ends, or brings no beat for a
// while (a link that is only half open never ends). sshd's TERM may not reach what sudo started; the end of stdin always does.

/** How often a beat is sent, and how long the host waits for one. */
export const beatMs = 15_000
export const patienceSeconds = 90

/** A script of its own, $w (argv: seconds, process): ends the process at the end of stdin, or without a beat; never one that is another by now. */
export const watchScript = `end() { [ ! -d /proc/self ] || grep -q -- "$QD_N" "/proc/$2/cmdline" 2>/dev/null || exit 0; kill -TERM "$2"; }
while read -r beat; do [ -z "$s" ] || kill "$s" 2>/dev/null; ( sleep "$1"; end "$@" ) & s=$!; done
end "$@"`

/** `stop` ends the program's session, `unwatch` who watches it. */
export const endTools = `stop() { [ -z "$p" ] || { kill -TERM "-$p" 2>/dev/null || kill -TERM "$p" 2>/dev/null; i=0
  while [ $i -lt 20 ] && kill -0 "-$p" 2>/dev/null; do sleep 0.1 2>/dev/null || sleep 1; i=$((i + 1)); done
  kill -KILL "-$p" 2>/dev/null; }; }
unwatch() { [ -z "$w" ] || kill -TERM "-$w" 2>/dev/null || kill -TERM "$w" 2>/dev/null; }`

// a link that is cut while its stdin comes leaves half of it, which must not run; the size is that of bytes in every shell and language
// INT comes first: it is what a client of a database passes on to the server, where the work is done
const held = `QD_N=$1 size=$2 patience=$3 watch=$4; shift 4
p= w= s=
exec 3<&0 </dev/null
${endTools}
trap 'trap "" TERM INT HUP PIPE; unwatch; [ -z "$p" ] || { kill -INT "-$p" 2>/dev/null; sleep 1; }; stop; exit 143' TERM INT HUP PIPE
own=; if command -v setsid >/dev/null 2>&1; then own=setsid; fi
if [ "$size" -gt 0 ]; then
  given=$(head -c "$size" <&3; echo x); given=\${given%x}
  [ $(printf %s "$given" | wc -c) -eq "$size" ] || exit 143
  printf %s "$given" 3<&- | $own "$@" 3<&- & p=$!
  given=
else $own "$@" 3<&- & p=$!; fi
QD_N=$QD_N $own sh -c "$watch" sh "$patience" $$ <&3 3<&- >/dev/null 2>&1 & w=$!
exec 3<&-
wait $p; r=$?
unwatch
exit $r`

/** The argv that runs `argv` with the first `size` bytes of stdin as its own; the beats follow. `nonce` is a random word. */
export const heldArgv = (nonce: string, size: number, argv: readonly string[]): string[] => [
  ...['sh', '-c', held, 'sh', nonce, String(size), String(patienceSeconds), watchScript],
  ...argv,
]
