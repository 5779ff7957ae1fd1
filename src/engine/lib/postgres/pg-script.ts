// The POSIX sh in which PostgreSQL's programs run on a host: as the right account, with a password that has no name there; knows no source and no query.
//
// - A password comes as the first line of stdin (of the private file `secret` behind a pipe), in the form of a password file. libpq wants a plain
//   file of its own account, so one is made, opened, removed, and only then written to: it has no name by the time that it holds anything, and
//   nothing of it is in argv or the environment.
// - A restore drops the database that it made when anything fails, also when the link is cut: its stdin ends, pg_restore fails, and the script goes on.
import { becomeArgv } from '../become-script.ts'

/** Where the programs connect, and as whom. */
export interface PgPlace {
  /** A name or address as seen from the host, or a folder with a socket; empty is the socket that the programs look for by themselves. */
  readonly address: string
  readonly port: number
  /** The role; empty is the account's name. */
  readonly user: string
  /** The account on the host that runs the programs, for sockets; empty is the one that is logged in. */
  readonly account: string
}

/** argv of the inner script: place and secret first, then the script's own. */
const prelude = String.raw`umask 077; cd /
more=; for d in /usr/local/bin /usr/local/pgsql/bin /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do [ -d "$d" ] && more=$d:$more; done
PATH=$PATH:$more; PGAPPNAME=quarterdeck; PGCONNECT_TIMEOUT=20; export PATH PGAPPNAME PGCONNECT_TIMEOUT
unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGPASSWORD PGPASSFILE PGSERVICE PGOPTIONS PGCLIENTENCODING
[ -z "$2" ] || { PGHOST=$2; export PGHOST; }
[ -z "$4" ] || { PGUSER=$4; export PGUSER; }
PGPORT=$3; export PGPORT
if [ "$1" = secret ]; then
  t=/dev/shm; [ -w $t ] || t=\${TMPDIR:-/tmp}
  f=$(mktemp "$t/quarterdeck-XXXXXXXXXX") && exec 8<>"$f" && rm -f -- "$f" || { echo 'no place for a password file' >&2; exit 97; }
  IFS= read -r p <&9; printf '%s\n' "$p" >&8; p=; exec 9<&-; PGPASSFILE=/dev/fd/8; export PGPASSFILE
else exec 9<&-; fi
shift 4
`.replaceAll('\\$', '$')

/** An argv that runs `body` (with `args` as its `$1` …) where the programs can connect by themselves. */
export function pgArgv(place: PgPlace, secret: boolean, body: string, args: readonly string[]): string[] {
  const { account, address, port, user } = place
  const inner = [secret ? 'secret' : 'none', address, String(port), user, ...args]
  return becomeArgv(account, prelude + body, inner)
}

/** A program with its arguments. */
export const programBody = 'exec "$@"'

/**
 * Makes a database and fills it with the archive on stdin; whatever fails drops it again. argv: the database to connect to meanwhile, the new one, SQL that makes
 * it, SQL that removes it, SQL that finishes it, `keep` or `drop` for afterwards, `all` or `plain` (without owners and rights). What the
 * finishing SQL prints goes to stdout. Exit 41: not made; 42: not restored; 43: not finished; 44: not dropped.
 */
export const restoreBody = String.raw`main=$1 new=$2 make=$3 drop=$4 finish=$5 after=$6 how=
[ "$7" = all ] || how='--no-owner --no-acl'
trap '' HUP PIPE
sql() { printf '%s\n' "$2" | psql -XqAtw -v ON_ERROR_STOP=1 -d "$1" -f -; }
gone() { sql "$main" "$drop" >/dev/null </dev/null; }
trap 'gone; exit 130' INT TERM
sql "$main" "$make" >/dev/null || exit 41
pg_restore -w --exit-on-error $how -d "$new" || { gone 2>/dev/null; exit 42; }
cat >/dev/null
sql "$new" "$finish" </dev/null || { gone 2>/dev/null; exit 43; }
[ "$after" = keep ] || gone || exit 44`
