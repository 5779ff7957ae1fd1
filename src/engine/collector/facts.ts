// Learns what a host is and what this user may do there, in one round trip; knows nothing of how the answers are shown.
import { AppError } from '../../shared/errors.ts'
import type { Host, HostFacts } from '../../shared/model/host.ts'
import { type HostReport, parseHostReport } from '../parse/host-facts.ts'
import type { Link } from '../ports.ts'

const factsTimeoutMs = 20_000
export const systemBusPath = '/run/dbus/system_bus_socket'

/** Plain POSIX sh, builtins where they do. Writes nothing. */
const factsScript = `
LC_ALL=C; export LC_ALL
e() { printf '%s=%s\\n' "$1" "$2"; }
r() { v=; [ -r "$2" ] && IFS= read -r v <"$2"; e "$1" "$v"; }
uid=$(id -u); e uid "$uid"; e user "$(id -un 2>/dev/null)"; e groups "$(id -Gn 2>/dev/null)"
e kernel "$(uname -r)"; e hostname "$(uname -n)"
r machine /etc/machine-id; r boot /proc/sys/kernel/random/boot_id
for f in /etc/os-release /usr/lib/os-release; do
  [ -r "$f" ] || continue
  while IFS= read -r l; do case $l in PRETTY_NAME=*) e os "\${l#PRETTY_NAME=}";; esac; done <"$f"
  break
done
e cpus "$(getconf _NPROCESSORS_ONLN 2>/dev/null || grep -c '^processor' /proc/cpuinfo)"
[ -d /run/systemd/system ] && e systemd yes
if command -v systemctl >/dev/null 2>&1; then
  e systemctl yes
  systemctl --version 2>/dev/null | while IFS= read -r l; do e version "$l"; break; done
fi
command -v systemd-stdio-bridge >/dev/null 2>&1 && e bridge yes
[ -S ${systemBusPath} ] && e systembus yes
[ -S "/run/user/$uid/bus" ] && e userbus yes
for f in /var/log/journal/*/system.journal /run/log/journal/*/system.journal; do
  [ -r "$f" ] && e journal yes && break
done
for g in systemd-journal adm wheel; do
  while IFS= read -r l; do case $l in "$g":*) e group "$g";; esac; done </etc/group
done
exit 0
`

/** One look at the host. Rejects with what the link rejects with, or COMMAND_FAILED. */
export async function readHostReport(link: Link): Promise<HostReport> {
  const result = await link.exec(['sh', '-c', factsScript], { timeout: factsTimeoutMs, maxBytes: 256 * 1024 })
  if (result.lost) throw new AppError('LINK_LOST', 'The connection was lost while the host was looked at')
  if (result.timedOut) throw new AppError('TIMEOUT', 'The host took too long to say what it is')
  const report = parseHostReport(new TextDecoder().decode(result.stdout))
  if (report.uid === null)
    throw new AppError('COMMAND_FAILED', 'The host did not answer simple shell commands', {
      hint: 'Quarterdeck needs a login that may run commands: a POSIX shell, fish or csh, and no forced command.',
      detail: { exit: result.exit, stderr: new TextDecoder().decode(result.stderr.subarray(0, 500)) },
    })
  return report
}

/** The facts of a host, its rights tried for real. */
export async function collectFacts(link: Link, host: Host, readReport: () => Promise<HostReport>): Promise<HostFacts> {
  const [report, socket, sudo] = await Promise.all([readReport(), trySocket(link), trySudo(link, host)])
  return factsOf(report, { socket, sudo })
}

/** Puts together what was read and what was tried. */
export function factsOf(report: HostReport, tried: { socket: boolean; sudo: boolean }): HostFacts {
  const root = report.uid === 0
  const mayRead = root || report.journalReadable
  return {
    os: report.os,
    kernel: report.kernel,
    hostname: report.hostname,
    machineId: report.machineId,
    bootId: report.bootId,
    uid: report.uid,
    cpus: report.cpus,
    systemdVersion: report.systemdVersion,
    unitSource: unitSourceOf(report, tried.socket),
    journal: { readable: mayRead, missingGroups: mayRead ? [] : [...report.journalGroups] },
    rights: root ? 'root' : tried.sudo ? 'sudo' : 'none',
  }
}

function unitSourceOf(report: HostReport, socket: boolean): HostFacts['unitSource'] {
  if (!report.systemdRuns) return 'none'
  if (socket) return 'dbus-socket'
  if (report.systemBus && report.bridge) return 'dbus-bridge'
  return report.systemctl ? 'systemctl' : 'none'
}

/** Does sshd let us reach the bus's socket? */
async function trySocket(link: Link): Promise<boolean> {
  try {
    const socket = await link.openUnixSocket(systemBusPath)
    socket.on('error', () => {})
    socket.destroy()
    return true
  } catch {
    return false
  }
}

async function trySudo(link: Link, host: Host): Promise<boolean> {
  if (host.sudo === 'none') return false
  try {
    const result = await link.exec(['true'], { sudo: true, timeout: factsTimeoutMs })
    return result.exit === 0
  } catch {
    return false
  }
}
