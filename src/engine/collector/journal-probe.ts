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

const script = `LC_ALL=C; export LC_ALL
journalctl --version || exit 127
for c in zstd gzip; do command -v $c >/dev/null 2>&1 && echo "has $c"; done
echo "uid $(id -u)"
journalctl --no-pager -n 1 -o cat --output-fields=_PID 2>&1 >/dev/null | sed 's/^/hint /'
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
  const hints = lines.filter(line => line.startsWith('hint ')).join('\n')
  const refused = /not seeing messages from other users|insufficient permissions|permission denied/i.test(hints)
  const named = /Users in (?:the )?groups? ([^\n]*?) can see/i.exec(hints)?.[1] ?? ''
  const groups = [...named.matchAll(/'([A-Za-z0-9_-]+)'/g)].map(match => match[1] ?? '')
  const has = (name: string): boolean => lines.includes(`has ${name}`)
  return {
    readable: lines.includes('uid 0') || !refused,
    groups: preferred(groups),
    compressor: has('zstd') && canZstd ? 'zstd' : has('gzip') ? 'gzip' : 'none',
    grep: lines.some(line => /^\+|\s\+/.test(line) && /\+PCRE2\b/.test(line)),
  }
}

/** The group made for it first: the others bring more rights than reading. */
function preferred(groups: readonly string[]): string[] {
  const own = 'systemd-journal'
  return [own, ...groups.filter(group => group !== own)]
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
