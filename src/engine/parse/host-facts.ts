// Reads the `key=value` lines of the facts script; knows nothing of how it was run.

/** What the script found on the host. */
export interface HostReport {
  readonly os: string | null
  readonly kernel: string | null
  readonly hostname: string | null
  readonly machineId: string | null
  readonly bootId: string | null
  readonly uid: number | null
  readonly groups: readonly string[]
  readonly cpus: number | null
  readonly systemdVersion: number | null
  /** systemd is process 1 and in charge. */
  readonly systemdRuns: boolean
  readonly systemBus: boolean
  readonly userBus: boolean
  readonly bridge: boolean
  readonly systemctl: boolean
  readonly journalReadable: boolean
  /** Groups of this host whose members may read the journal. */
  readonly journalGroups: readonly string[]
  readonly user: string | null
}

const maxText = 256

export function parseHostReport(text: string): HostReport {
  const values = new Map<string, string>()
  const lists = new Map<string, string[]>()
  for (const line of text.split('\n', 500)) {
    const at = line.indexOf('=')
    if (at <= 0) continue
    const key = line.slice(0, at)
    const value = line
      .slice(at + 1)
      .trim()
      .slice(0, maxText)
    if (value === '') continue
    if (!values.has(key)) values.set(key, value)
    const list = lists.get(key)
    if (list) list.push(value)
    else lists.set(key, [value])
  }
  const get = (key: string): string | null => values.get(key) ?? null
  const has = (key: string): boolean => values.get(key) === 'yes'
  return {
    os: unquoted(get('os')),
    kernel: get('kernel'),
    hostname: get('hostname'),
    machineId: matching(get('machine'), /^[0-9a-f]{32}$/),
    bootId: matching(get('boot')?.replaceAll('-', '') ?? null, /^[0-9a-f]{32}$/),
    uid: whole(get('uid')),
    groups: get('groups')?.split(/\s+/) ?? [],
    cpus: whole(get('cpus')),
    systemdVersion: whole(/^systemd (\d{1,5})\b/.exec(get('version') ?? '')?.[1] ?? null),
    systemdRuns: has('systemd'),
    systemBus: has('systembus'),
    userBus: has('userbus'),
    bridge: has('bridge'),
    systemctl: has('systemctl'),
    journalReadable: has('journal'),
    journalGroups: lists.get('group') ?? [],
    user: get('user'),
  }
}

/** PRETTY_NAME may stand in quotes and with escapes, as the shell reads it. */
function unquoted(value: string | null): string | null {
  if (value === null) return null
  const quoted = /^(["'])(.*)\1$/.exec(value)
  const text = quoted?.[2] ?? value
  return quoted?.[1] === "'" ? text : text.replace(/\\(["\\$`])/g, '$1')
}

function matching(value: string | null, pattern: RegExp): string | null {
  return value !== null && pattern.test(value) ? value : null
}

function whole(value: string | null): number | null {
  return value !== null && /^\d{1,10}$/.test(value) ? Number(value) : null
}
