// Learns once per connection what a host's journalctl can do and who may read with it; knows nothing of entries.
import { AppError } from '../../shared/errors.ts'
import type { Host } from '../../shared/model/host.ts'
import type { UnitScope } from '../../shared/model/unit.ts'
import type { Link } from '../ports.ts'
import { type Compressor, canZstd } from './journal-process.ts'

export interface JournalAbilities {
  /** May the user, without sudo, read the whole system's journal? */
  readonly readable: boolean
  /** Groups whose members may. */
  readonly groups: readonly string[]
  /** The best compressor that both ends have. */
  readonly compressor: Compressor
  /** journalctl was built with PCRE2. */
  readonly grep: boolean
}

/** Whether the files can be read tells it: journalctl's own hint comes in some versions and cases only. */
const script = `LC_ALL=C; export LC_ALL
journalctl --version || exit 127
for c in zstd gzip; do command -v $c >/dev/null 2>&1 && echo "has $c"; done
echo "uid $(id -u)"
echo "in $(id -Gn)"
for g in systemd-journal adm wheel; do grep -q "^$g:" /etc/group 2>/dev/null && echo "group $g"; done
for f in /var/log/journal/*/system*.journal /run/log/journal/*/system*.journal; do
  [ -e "$f" ] || continue
  if [ -r "$f" ]; then echo 'file read'; else echo 'file refused'; fi
done
exit 0`

/** Asks the host. Rejects with NOT_SYSTEMD where there is no journalctl. */
export async function probeJournal(link: Link, signal?: AbortSignal): Promise<JournalAbilities> {
  const result = await link.exec(['sh', '-c', script], { timeout: 20_000, ...(signal ? { signal } : {}) })
  if (result.lost) throw new AppError('LINK_LOST', 'The connection was lost')
  if (result.timedOut) throw new AppError('TIMEOUT', 'journalctl did not answer')
  if (result.exit === 127) {
    throw new AppError('NOT_SYSTEMD', 'This host has no journal', {
      hint: 'Its services are not run by systemd, or journalctl is not installed.',
    })
  }
  return readAbilities(Buffer.from(result.stdout).toString('utf8'))
}

/** What the probe's answer says. */
export function readAbilities(text: string): JournalAbilities {
  const lines = text.split('\n')
  const has = (line: string): boolean => lines.includes(line)
  const groups = ['systemd-journal', 'adm', 'wheel'].filter(group => has(`group ${group}`))
  const mine = lines.find(line => line.startsWith('in '))?.split(' ') ?? []
  const noFiles = !has('file read') && !has('file refused')
  return {
    readable: has('uid 0') || has('file read') || (noFiles && groups.some(group => mine.includes(group))),
    // the group made for it first: the others bring more rights than reading
    groups: groups.length > 0 ? groups : ['systemd-journal'],
    compressor: has('has zstd') && canZstd ? 'zstd' : has('has gzip') ? 'gzip' : 'none',
    grep: lines.some(line => /(^|\s)\+PCRE2(\s|$)/.test(line)),
  }
}

/**
 * Must this question be asked through sudo? The system's journal by a user who may not read it, where the host is set up for sudo; never a
 * user's own, which root would look for among its own. Throws JOURNAL_RIGHTS where there is no way.
 */
export function needsSudo(abilities: JournalAbilities, host: Host, scope: UnitScope): boolean {
  if (abilities.readable || scope === 'user') return false
  if (host.sudo !== 'none') return true
  throw noRights(abilities.groups, host.user)
}

export function noRights(groups: readonly string[], user: string): AppError {
  const [first = 'systemd-journal'] = groups
  return new AppError(
    'JOURNAL_RIGHTS',
    `${user} may not read the system's journal: not a member of ${groups.join(' or ')}`,
    {
      hint: `On the host: sudo usermod -aG ${first} ${user}, then reconnect.`,
      detail: { missingGroups: [...groups] },
    },
  )
}
