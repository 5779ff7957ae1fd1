// The POSIX sh in which MariaDB's and MySQL's programs run on a host: as the right account, with a password that has no name there; knows no source and no query.
//
// - The password comes as the first line of stdin (or of a private file), as the line of an options file. The file that it is written to was removed before,
//   as for Postgres; nothing of it is in argv or the environment.
// - A restore drops the database that it made when anything fails, also when the link is cut.
import { becomeArgv } from '../../lib/become-script.ts'

/** Where the programs connect, and as whom. */
export interface MyPlace {
  /** A name or address as seen from the host, or the path of a socket; empty is the socket that the programs know. */
  readonly address: string
  readonly port: number
  readonly user: string
  /** The account on the host that runs the programs, for sockets; empty is the one that is logged in. */
  readonly account: string
}

/**
 * argv: `secret` or `none`, address, port, user, then the script's own. `my PROGRAM…` runs a program by either of its names. MySQL's own writes
 * what a server did before into a dump, which that same server would refuse.
 */
const prelude = String.raw`umask 077; cd /
PATH=$PATH:/usr/local/bin:/usr/local/mysql/bin; export PATH; unset MYSQL_PWD MYSQL_HOST MYSQL_TCP_PORT
t=/dev/shm; [ -w $t ] || t=\${TMPDIR:-/tmp}
f=$(mktemp "$t/quarterdeck-XXXXXXXXXX") && exec 8<>"$f" && rm -f -- "$f" || { echo 'no place for an options file' >&2; exit 97; }
echo '[client]' >&8
case $2 in '') ;; /*) printf 'socket="%s"\n' "$2" >&8;; *) printf 'host="%s"\nport=%s\nprotocol=tcp\n' "$2" "$3" >&8;; esac
[ -z "$4" ] || printf 'user="%s"\n' "$4" >&8
if [ "$1" = secret ]; then IFS= read -r p <&9; printf '%s\n' "$p" >&8; p=; fi
exec 9<&-; shift 4
my() { name=$1; shift
  case $name in client) set -- mariadb mysql -- "$@";; *) set -- mariadb-dump mysqldump -- "$@";; esac
  one=$1; other=$2; shift 3
  if command -v "$one" >/dev/null 2>&1; then "$one" --defaults-file=/dev/fd/8 "$@"
  elif [ $name = dump ] && "$other" --version 2>/dev/null | grep -vq MariaDB; then "$other" --defaults-file=/dev/fd/8 --set-gtid-purged=OFF --column-statistics=0 "$@"
  else "$other" --defaults-file=/dev/fd/8 "$@"; fi; }
`.replaceAll('\\$', '$')

/** SQL on stdin; rows come as lines. argv: database, or nothing. */
export const queryBody = 'my client --batch --raw --skip-column-names --default-character-set=utf8mb4 "$@"'

/** argv: database, whose name may begin like an option. No table is locked; what is not InnoDB is as consistent as it can be without. */
export const dumpBody =
  'my dump --single-transaction --quick --routines --events --triggers --hex-blob --no-tablespaces --skip-lock-tables --default-character-set=utf8mb4 -- "$@"'

/** argv: the new database, SQL that makes it, removes it, marks it, finishes it, `keep` or `drop`. Exits as of Postgres; 45: made, and not marked. */
export const fillBody = String.raw`new=$1 make=$2 drop=$3 mark=$4 finish=$5 after=$6
trap '' HUP PIPE
sql() { printf '%s\n' "$2" | my client --batch --raw --skip-column-names --default-character-set=utf8mb4 $1; }
gone() { sql '' "$drop" >/dev/null; }
trap 'gone; exit 130' INT TERM
sql '' "$make" >/dev/null || exit 41
[ -z "$mark" ] || sql '' "$mark" >/dev/null || { gone 2>/dev/null; exit 45; }
my client --batch --default-character-set=utf8mb4 -- "$new" || { gone 2>/dev/null; exit 42; }
cat >/dev/null
sql '' "$finish" || { gone 2>/dev/null; exit 43; }
[ "$after" = keep ] || gone || exit 44`

/** An argv that runs `body` where the programs can connect by themselves. */
export function myArgv(place: MyPlace, secret: boolean, body: string, args: readonly string[]): string[] {
  const { account, address, port, user } = place
  return becomeArgv(account, prelude + body, [secret ? 'secret' : 'none', address, String(port), user, ...args])
}
