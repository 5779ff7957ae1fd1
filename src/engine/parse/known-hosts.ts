// Reads OpenSSH's known_hosts and finds a host's keys in it; knows nothing of files or of what a match leads to.
import { matchesPatternList } from './wildcard.ts'

export interface KnownHostLine {
  readonly line: number
  readonly marker: 'key' | 'revoked' | 'cert-authority'
  readonly hosts:
    | { readonly kind: 'patterns'; readonly patterns: readonly string[] }
    | { readonly kind: 'hashed'; readonly salt: string; readonly hash: string }
  readonly type: string
  /** Base64. */
  readonly key: string
}

export interface KnownHosts {
  readonly lines: readonly KnownHostLine[]
  /** Lines that could not be read; OpenSSH skips those too. */
  readonly malformed: readonly number[]
}

/** HMAC-SHA1 of a name under a base64 salt, in base64; given by the caller because this folder has no cryptography. */
export type HashName = (salt: string, name: string) => string

export function parseKnownHosts(text: string): KnownHosts {
  const lines: KnownHostLine[] = []
  const malformed: number[] = []
  text.split(/\r?\n/).forEach((raw, index) => {
    const words = raw.trim().split(/[ \t]+/)
    if (words[0] === '' || words[0]?.startsWith('#')) return
    const line = index + 1
    let marker: KnownHostLine['marker'] = 'key'
    if (words[0]?.startsWith('@')) {
      const word = words.shift()
      if (word !== '@revoked' && word !== '@cert-authority') {
        malformed.push(line)
        return
      }
      marker = word === '@revoked' ? 'revoked' : 'cert-authority'
    }
    const [names, type, key] = words
    const hosts = names === undefined ? null : parseNames(names)
    if (hosts === null || type === undefined || key === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(key)) {
      malformed.push(line)
      return
    }
    lines.push({ line, marker, hosts, type, key })
  })
  return { lines, malformed }
}

/** The names under which OpenSSH files a host: `[address]:port` off port 22. */
export function knownHostName(address: string, port: number): string {
  const bare = address.replace(/^\[|\]$/g, '').toLowerCase()
  return port === 22 ? bare : `[${bare}]:${port}`
}

/** The lines that are about this name. */
export function linesFor(known: KnownHosts, name: string, hashName: HashName): KnownHostLine[] {
  const hashes = new Map<string, string>()
  return known.lines.filter(({ hosts }) => {
    if (hosts.kind === 'patterns') return matchesPatternList(hosts.patterns, name)
    const hash = hashes.get(hosts.salt) ?? hashName(hosts.salt, name)
    hashes.set(hosts.salt, hash)
    return hash === hosts.hash
  })
}

function parseNames(names: string): KnownHostLine['hosts'] | null {
  if (names.startsWith('|')) {
    const match = /^\|1\|([A-Za-z0-9+/]+=*)\|([A-Za-z0-9+/]+=*)$/.exec(names)
    if (match?.[1] === undefined || match[2] === undefined) return null
    return { kind: 'hashed', salt: match[1], hash: match[2] }
  }
  const patterns = names.split(',').filter(name => name !== '')
  return patterns.length === 0 ? null : { kind: 'patterns', patterns }
}
