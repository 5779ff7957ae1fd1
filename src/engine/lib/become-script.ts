// The POSIX sh that becomes another account of the host without losing what is secret on the way; knows no program.

/** argv: account, inner script, its arguments. Becomes the account where it is another one. */
const become = `u=$1 s=$2; shift 2
if [ -n "$QD_PRIVATE" ] && [ -f "$QD_PRIVATE/secret" ]; then exec 9<"$QD_PRIVATE/secret"; rm -f -- "$QD_PRIVATE/secret"; else exec 9<&0; fi
if [ -z "$u" ] || [ "$(id -un)" = "$u" ]; then exec sh -c "$s" sh "$@"; fi
id -u -- "$u" >/dev/null 2>&1 || { echo "quarterdeck: there is no account $u" >&2; exit 98; }
if command -v runuser >/dev/null 2>&1; then exec runuser -u "$u" -- sh -c "$s" sh "$@"; fi
exec su -s /bin/sh -c 'exec sh -c "$0" sh "$@"' "$u" "$s" "$@"`

/**
 * An argv that runs `script` as the account; empty is whoever runs it. The script finds what is secret on its descriptor 9: its stdin, or the private
 * file `secret` behind a pipe.
 */
export const becomeArgv = (account: string, script: string, args: readonly string[]): string[] => [
  ...['sh', '-c', become, 'sh', account, script],
  ...args,
]
