// Writes an incident's story down for others to read, as Markdown or JSON, without addresses, user names and secrets (R25); decides nothing about the story.
import { userInfo } from 'node:os'
import type { Incident, IncidentStory } from '../../shared/model/incident.ts'
import { safeText } from '../../shared/safe-text.ts'
import { duration, exactTime } from '../domain/notification-text.ts'
import { type Known, redactText } from '../domain/redact-text.ts'
import type { Redactor } from '../lib/log.ts'
import type { Store } from '../store/store.ts'

const zone = 'UTC'

/** What must not be in an export: configured addresses and users, and this computer's own. */
export function knownTo(store: Store, { unit }: Incident): Known {
  const hosts = store.hosts.list()
  return {
    addresses: hosts.map(host => host.address),
    users: [...hosts.map(host => host.user), userInfo().username],
    keep: unit ? [unit.name.replace(/\.[a-z]+$/, '')] : [],
  }
}

export function exportIncident(
  story: IncidentStory,
  format: 'markdown' | 'json',
  known: Known,
  redactor: Redactor,
): string {
  const clean = (text: string): string => redactText(redactor.redact(text), known)
  const told = redacted(withoutCursors(story), clean) as IncidentStory
  return format === 'json' ? `${JSON.stringify(told, null, 2)}\n` : markdown(told)
}

/** A cursor names the machine and its boot, and is of no use elsewhere. */
function withoutCursors(story: IncidentStory): IncidentStory {
  return { ...story, journal: story.journal.map(entry => ({ ...entry, cursor: '' })) }
}

/** Names of fields and ids are ours; every text may be somebody else's. */
function redacted(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value)
  if (Array.isArray(value)) return value.map(item => redacted(item, clean))
  if (typeof value !== 'object' || value === null) return value
  const plain = new Set(['id', 'hostId', 'checkId', 'checkType', 'kind', 'tone', 'state', 'severity', 'scope'])
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, plain.has(name) ? item : redacted(item, clean)]),
  )
}

function markdown({ incident, timeline, journal, journalProblem }: IncidentStory): string {
  const { title, hostName, checkName, unit, severity, state, startedAt, openedAt, resolvedAt, cause } = incident
  const facts: [string, string | null][] = [
    ['Host', hostName],
    ['Check', checkName],
    ['Service', unit?.name ?? null],
    ['Severity', severity],
    ['State', state],
    ['Cause', cause],
    ['Began', exactTime(startedAt, zone)],
    ['Opened', exactTime(openedAt, zone)],
    [
      'Resolved',
      resolvedAt === null ? null : `${exactTime(resolvedAt, zone)}, after ${duration(resolvedAt - startedAt)}`,
    ],
    ['First message', incident.firstMessage],
    ['Last message', incident.lastMessage],
    ['Acknowledged', incident.acknowledgedBy],
    ['Tags', incident.tags.join(', ')],
  ]
  const lines = [
    `# ${inline(title)}`,
    '',
    ...facts.flatMap(([name, value]) => (value ? [`- **${name}**: ${inline(value)}`] : [])),
    '',
    '## Timeline',
    '',
    ...timeline.map(({ at, title: what, detail, actor }) => {
      const by = actor === null ? '' : ` (${inline(actor)})`
      return `- ${exactTime(at, zone)} **${inline(what)}**${by}${detail ? `: ${inline(detail)}` : ''}`
    }),
    ...(timeline.length === 0 ? ['Nothing is known.'] : []),
    '',
    '## Journal',
    '',
  ]
  if (journalProblem !== null) lines.push(inline(journalProblem))
  else if (journal.length === 0) lines.push('There is nothing in the journal around the beginning.')
  else {
    const text = journal.map(
      entry =>
        `${new Date(entry.at).toISOString()} ${entry.identifier ?? entry.unit ?? '-'}: ${safeText(entry.message)}`,
    )
    const fence = fenceFor(text)
    lines.push(`${fence}text`, ...text, fence)
  }
  lines.push('', 'Addresses, user names and secrets were taken out.', '')
  return lines.join('\n')
}

/** Text from hosts as text: no markup, no line of its own. */
function inline(text: string): string {
  return safeText(text.replace(/\s*[\r\n]+\s*/g, ' '))
    .trim()
    .replace(/[\\`*_{}[\]<>#|~]/g, '\\$&')
}

/** Longer than any run of backticks within. */
function fenceFor(lines: readonly string[]): string {
  const longest = Math.max(2, ...lines.flatMap(line => (line.match(/`+/g) ?? []).map(run => run.length)))
  return '`'.repeat(longest + 1)
}
