// Looks around on a host for what a person may want watched (R7): ports by unit, endpoints that answer, files beside units. Proposes nothing.
import { AppError } from '../../shared/errors.ts'
import type { Host } from '../../shared/model/host.ts'
import type { Clock } from '../lib/clock.ts'
import { httpRequest } from '../lib/http-client.ts'
import { parseFoundFiles, parseListening, parseUnitsOfPids } from '../parse/discovery.ts'
import { parseSystemctlShow } from '../parse/systemctl-show.ts'
import type { DiscoveredUnit, Discovery, ExecOptions, Link } from '../ports.ts'

type UnitRef = Pick<DiscoveredUnit, 'scope' | 'name'>

const listening = `ss -H -tlnp 2>/dev/null | sed 's/^/ss /'
for p in $(ss -H -tlnp 2>/dev/null | grep -o 'pid=[0-9]*' | sort -u | head -n 300 | cut -d= -f2); do
  [ -r /proc/$p/cgroup ] && printf 'pid %s ' "$p" && tr '\\n' ' ' < /proc/$p/cgroup && echo
done
true`

const files = `for d in "$@"; do
  find -P "$d" -maxdepth 3 -xdev -type f \\( -name '*.db' -o -name '*.sqlite' -o -name '*.sqlite3' -o -iname '*cookie*' -o -iname '*storage*state*.json' \\) 2>/dev/null | head -n 100 |
  while IFS= read -r f; do
    case "$f" in
      *.db|*.sqlite|*.sqlite3) case "$(head -c 15 "$f" 2>/dev/null)" in 'SQLite format 3') printf 'sqlite %s\\n' "$f";; esac;;
      *.txt|*.json|*.cookies) printf 'cookies %s\\n' "$f";;
    esac
  done
done
true`

/** Folders that belong to the system: what lies there is nobody's own. */
const notOwn = /^\/(usr|bin|sbin|lib|etc|proc|sys|dev|run|boot|tmp|root)?$|^\/(usr|proc|sys|dev|boot)\//
const paths = ['/health', '/healthz', '/ping', '/'] as const
/** Ports that speak no HTTP. */
const others: ReadonlySet<number> = new Set([21, 22, 23, 25, 53, 110, 143, 465, 587, 993, 995, 3306, 5432, 6379, 27017])
const mostPorts = 40
const askMs = 2_000
const execMs = 15_000

/** `units` are those that the person cares for; ports are told of all. */
export async function discover(
  link: Link,
  host: Host,
  units: readonly UnitRef[],
  clock: Clock,
  signal: AbortSignal,
): Promise<Discovery> {
  const run = (argv: readonly string[]): Promise<string> => runAsRoot(link, host, argv, signal)
  const [folders, sockets] = await Promise.all([foldersOf(link, units, signal), run(['sh', '-c', listening])])
  const owners = parseUnitsOfPids(sockets)
  const ports = parseListening(sockets).map(socket => ({
    address: socket.address,
    port: socket.port,
    process: socket.process,
    unit: socket.pid === null ? null : (owners.get(socket.pid) ?? null),
  }))
  const own = [...new Set(folders.values())].filter(folder => !notOwn.test(folder)).slice(0, 60)
  const found = own.length === 0 ? [] : parseFoundFiles(await run(['sh', '-c', files, 'sh', ...own]))
  const endpoints = await askAll(link, clock, ports.filter(isAskable), signal)
  return {
    ports,
    endpoints,
    units: units.map(unit => {
      const folder = folders.get(`${unit.scope}/${unit.name}`) ?? null
      const inside = (path: string): boolean => folder !== null && !notOwn.test(folder) && path.startsWith(`${folder}/`)
      return { ...unit, folder, files: found.filter(file => inside(file.path)) }
    }),
  }
}

/** Working directories by scope/name, as systemd has them. */
async function foldersOf(link: Link, units: readonly UnitRef[], signal: AbortSignal): Promise<Map<string, string>> {
  const folders = new Map<string, string>()
  for (const scope of ['system', 'user'] as const) {
    const names = units.filter(unit => unit.scope === scope).map(unit => unit.name)
    if (names.length === 0) continue
    const show = ['show', '-p', 'Id', '-p', 'WorkingDirectory', '--', ...names]
    const argv =
      scope === 'system'
        ? ['systemctl', ...show]
        : ['sh', '-c', 'XDG_RUNTIME_DIR=/run/user/$(id -u) exec systemctl --user "$@"', 'sh', ...show]
    const { stdout } = await link.exec(argv, { timeout: execMs, signal })
    for (const block of parseSystemctlShow(Buffer.from(stdout).toString('utf8'), 2_000).units) {
      const name = block.get('Id')
      // "!" in front: it need not be there
      const folder = block.get('WorkingDirectory')?.replace(/^[!-]/, '').replace(/\/+$/, '')
      if (name !== undefined && folder?.startsWith('/')) folders.set(`${scope}/${name}`, folder)
    }
  }
  return folders
}

/** As root where the user may be, so that others' processes are seen, too; else what can be seen without. */
async function runAsRoot(link: Link, host: Host, argv: readonly string[], signal: AbortSignal): Promise<string> {
  const options: ExecOptions = { timeout: execMs, maxBytes: 1024 * 1024, signal }
  if (host.sudo !== 'none') {
    try {
      const { exit, stdout } = await link.exec(argv, { ...options, sudo: true })
      if (exit === 0) return Buffer.from(stdout).toString('utf8')
    } catch (caught) {
      const { code } = AppError.from(caught)
      if (code !== 'SUDO_MISSING' && code !== 'SUDO_PASSWORD_WRONG' && code !== 'VAULT_LOCKED') throw caught
    }
  }
  const { stdout } = await link.exec(argv, options)
  return Buffer.from(stdout).toString('utf8')
}

const isAskable = ({ address, port }: Discovery['ports'][number]): boolean =>
  !others.has(port) && (address === '*' || address === '0.0.0.0' || address === '::' || isLoopback(address))

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'

/** Which of the ports answer as a web server, and where: the first path that says 200. A few at a time. */
async function askAll(
  link: Link,
  clock: Clock,
  ports: readonly Discovery['ports'][number][],
  signal: AbortSignal,
): Promise<Discovery['endpoints']> {
  const waiting = [...new Set(ports.map(one => one.port))].slice(0, mostPorts)
  const found: Discovery['endpoints'][number][] = []
  const worker = async (): Promise<void> => {
    for (let port = waiting.shift(); port !== undefined && !signal.aborted; port = waiting.shift()) {
      const path = await askPort(link, clock, port, signal)
      if (path !== null) found.push({ port, path })
    }
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  return found.sort((a, b) => a.port - b.port)
}

async function askPort(link: Link, clock: Clock, port: number, signal: AbortSignal): Promise<string | null> {
  for (const path of paths) {
    const patience = new AbortController()
    const timer = clock.after(askMs, () => patience.abort())
    const answer = await httpRequest(
      { connect: (address, number) => link.openTcp(address, number), clock },
      {
        url: `http://127.0.0.1:${port}${path}`,
        maxRedirects: 0,
        maxBodyBytes: 65_536,
        signal: AbortSignal.any([signal, patience.signal]),
      },
    )
    timer.dispose()
    // what does not speak HTTP, or not at all, does so at no other path either
    if (!answer.ok) return null
    if (answer.status === 200) return path
  }
  return null
}
