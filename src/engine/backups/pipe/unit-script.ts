// Looks on the host at what database servers a unit's processes are connected to, or are told of by their environment; changes nothing and gives out no password.

import { AppError } from '../../../shared/errors.ts'
import type { CheckUnit } from '../../../shared/model/check.ts'
import type { SourceContext } from '../source.ts'

/**
 * argv: scope, unit. Lines: `server PROGRAM PID PLACE` for each connection's other end (PLACE is a socket's path or address:port), `url SCHEME PLACE
 * NAME` for each address in the environment (never with user or password), `needs UNIT`, `user NAME`. Without root only one's own processes tell.
 */
const script = String.raw`LC_ALL=C; export LC_ALL
how=; [ "$1" = user ] && how=--user
cg=$(systemctl $how show -p ControlGroup --value -- "$2" 2>/dev/null)
u=$(systemctl $how show -p User --value -- "$2" 2>/dev/null); [ -z "$u" ] || echo "user $u"
for n in $(systemctl $how show -p Requires -p Wants -p BindsTo -p After --value -- "$2" 2>/dev/null); do echo "needs $n"; done
pids=
if [ -n "$cg" ] && [ "$cg" != / ]; then
  for r in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    [ -d "$r$cg" ] && pids="$pids $(find "$r$cg" -name cgroup.procs -exec cat {} + 2>/dev/null | tr '\n' ' ')"
  done
fi
[ -n "$(echo $pids)" ] || pids=$(systemctl $how show -p MainPID --value -- "$2" 2>/dev/null)
for p in $pids; do
  tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null | grep -oE '(postgres|postgresql|mysql|mariadb|redis)[a-z0-9+]*://[^[:space:]"]+' |
    sed -E 's#^([a-z]+)[a-z0-9+]*://([^/@]*@)?([^/?]*)/?([^?]*).*#url \1 \3 \4#'
done | sort -u
{ ss -xpnH 2>/dev/null; ss -tpnH 2>/dev/null; } | awk -v pids=" $(echo $pids) " '
{ users = $0; if (!sub(/.*users:\(\(/, "", users)) next
  prog = users; sub(/^"/, "", prog); sub(/".*/, "", prog); pid = users; sub(/.*pid=/, "", pid); sub(/,.*/, "", pid)
  n = split(users, each, "pid="); mine = 0
  for (i = 2; i <= n; i++) { x = each[i]; sub(/[^0-9].*/, "", x); if (index(pids, " " x " ")) mine = 1 }
  x = each[2]; sub(/[^0-9].*/, "", x)
  if ($1 ~ /^u_/) { here = $6; there = $8; place = $5 } else { here = $4 " " $5; there = $5 " " $4; place = $4 }
  program[here] = prog; owner[here] = x; at[here] = place
  if (mine) wanted[there] = 1 }
END { for (e in wanted) if (e in program) print "server", program[e], owner[e], at[e] }' | sort -u
exit 0`

export interface UnitConnections {
  readonly user: string | null
  readonly needs: readonly string[]
  readonly servers: readonly { readonly program: string; readonly pid: number; readonly place: string }[]
  readonly urls: readonly { readonly scheme: string; readonly place: string; readonly name: string }[]
}

export async function unitConnections(context: SourceContext, unit: CheckUnit): Promise<UnitConnections> {
  const argv = ['sh', '-c', script, 'sh', unit.scope, unit.name]
  const sudo = context.sudo && unit.scope === 'system'
  const result = await context.link.exec(argv, { sudo, timeout: 20_000, signal: context.signal })
  if (result.lost) throw new AppError('LINK_LOST', 'The connection was lost while the service was looked at')
  return readConnections(Buffer.from(result.stdout).toString('utf8'))
}

/** What the script said. */
function readConnections(text: string): UnitConnections {
  const lines = text.split('\n').map(line => line.split(' '))
  const of = (word: string): string[][] => lines.filter(([first]) => first === word)
  return {
    user: of('user')[0]?.[1] ?? null,
    needs: [...new Set(of('needs').map(([, name = '']) => name))],
    servers: of('server').map(([, program = '', pid = '', ...place]) => ({
      program,
      pid: Number(pid),
      place: place.join(' '),
    })),
    urls: of('url').map(([, scheme = '', place = '', name = '']) => ({ scheme, place, name })),
  }
}
