// Reads what was found lying around and listening on a host (R7): ss, /proc cgroups, and a list of files; knows nothing of how they were asked for.

export interface Listening {
  readonly address: string
  readonly port: number
  readonly process: string | null
  readonly pid: number | null
}

/** Lines of `ss -H -tlnp`, each behind the word `ss `. */
export function parseListening(text: string, limit = 500): Listening[] {
  const found: Listening[] = []
  for (const line of text.split('\n')) {
    if (!line.startsWith('ss ') || found.length >= limit) continue
    const [state, , , local] = line.slice(3).trim().split(/\s+/)
    if (state !== 'LISTEN' || local === undefined) continue
    const at = local.lastIndexOf(':')
    const port = Number(local.slice(at + 1))
    if (!Number.isInteger(port) || port < 1 || port > 65_535) continue
    const address = local
      .slice(0, at)
      .replace(/^\[|\]$/g, '')
      .replace(/%.*$/, '')
    const user = /users:\(\("((?:[^"\\]|\\.)*)",pid=(\d+)/.exec(line)
    found.push({ address, port, process: user?.[1] ?? null, pid: user?.[2] === undefined ? null : Number(user[2]) })
  }
  return found
}

/** `pid 123 CGROUPS…` lines: the service that each process belongs to, as systemd's own hierarchy has it. */
export function parseUnitsOfPids(text: string): Map<number, { scope: 'system' | 'user'; name: string }> {
  const units = new Map<number, { scope: 'system' | 'user'; name: string }>()
  for (const line of text.split('\n')) {
    const match = /^pid (\d+) (.*)$/.exec(line)
    if (!match) continue
    for (const group of (match[2] ?? '').split(' ')) {
      if (!group.startsWith('0::') && !group.includes(':name=systemd:')) continue
      const path = group.slice(group.indexOf('/'))
      const parts = path.split('/').filter(part => part.endsWith('.service'))
      const name = parts.at(-1)
      if (name === undefined) continue
      const inUserManager = parts.length > 1 && /^user@\d+\.service$/.test(parts[0] ?? '')
      units.set(Number(match[1]), { scope: inUserManager ? 'user' : 'system', name })
    }
  }
  return units
}

export interface FoundFile {
  readonly path: string
  readonly kind: 'sqlite' | 'cookies'
}

/** `sqlite PATH` and `cookies PATH` lines; a path that is no whole one on its line is left out. */
export function parseFoundFiles(text: string, limit = 200): FoundFile[] {
  const found: FoundFile[] = []
  for (const line of text.split('\n')) {
    const match = /^(sqlite|cookies) (\/.*)$/.exec(line)
    if (match?.[2] === undefined || found.length >= limit) continue
    found.push({ kind: match[1] as FoundFile['kind'], path: match[2] })
  }
  return found
}
