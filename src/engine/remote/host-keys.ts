// What is known about host keys: OpenSSH's known_hosts files and what a person trusted in the app. Decides trust, and never asks anybody.
import { createHash, createHmac } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { HostKey } from '../../shared/model/host.ts'
import type { Logger } from '../lib/log.ts'
import { type KnownHostLine, type KnownHosts, knownHostName, linesFor, parseKnownHosts } from '../parse/known-hosts.ts'
import type { HostKeyBook, TrustedKeyStore } from '../ports.ts'

const largestFile = 16 * 1024 * 1024

/** The files that OpenSSH reads by default. */
export function defaultKnownHostsFiles(home = homedir()): string[] {
  return [join(home, '.ssh', 'known_hosts'), join(home, '.ssh', 'known_hosts2'), '/etc/ssh/ssh_known_hosts']
}

/**
 * A key is revoked where any file says so; trusted where it is known exactly; changed where other keys are known for the host, of whichever
 * type: a known host is asked for the known types first, so another type means that it no longer has the known one. Files are read again
 * when they change.
 */
export function createHostKeyBook(options: {
  trusted: TrustedKeyStore
  log: Logger
  files?: readonly string[]
}): HostKeyBook {
  const { trusted, log, files = defaultKnownHostsFiles() } = options
  const cache = new Map<string, { stamp: string; known: KnownHosts }>()

  const read = (path: string): KnownHosts => {
    const empty: KnownHosts = { lines: [], malformed: [] }
    let stamp: string
    try {
      const { mtimeMs, size, ino } = statSync(path)
      if (size > largestFile) throw new Error('too large')
      stamp = `${mtimeMs} ${size} ${ino}`
      const cached = cache.get(path)
      if (cached?.stamp === stamp) return cached.known
      const known = parseKnownHosts(readFileSync(path, 'utf8'))
      cache.set(path, { stamp, known })
      if (known.malformed.length > 0) {
        log.warn('known_hosts has lines that cannot be read', {
          file: path,
          lines: known.malformed.slice(0, 5).join(','),
        })
      }
      if (known.lines.some(line => line.marker === 'cert-authority')) {
        log.info('known_hosts names certificate authorities; host certificates are not used', { file: path })
      }
      return known
    } catch (error) {
      cache.delete(path)
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') log.warn('known_hosts cannot be read', { file: path })
      return empty
    }
  }

  const about = (name: string): KnownHostLine[] => files.flatMap(path => linesFor(read(path), name, hashName))
  const keysOf = (lines: readonly KnownHostLine[]): KnownHostLine[] => lines.filter(line => line.marker === 'key')

  return {
    check(address, port, key) {
      const lines = about(knownHostName(address, port))
      // OpenSSH lets an entry without a port vouch for, but never accuse, a key on another port.
      const loose = port === 22 ? [] : about(knownHostName(address, 22))
      const same = (other: { key: string }): boolean => other.key === key.key
      if ([...lines, ...loose].some(line => line.marker === 'revoked' && same(line))) return 'revoked'
      const inApp = trusted.list(address, port)
      const exact = keysOf(lines)
      if (inApp.some(same) || exact.some(same) || keysOf(loose).some(same)) return 'trusted'
      return inApp.length > 0 || exact.length > 0 ? 'changed' : 'unknown'
    },
    knownTypes(address, port) {
      const types = [
        ...trusted.list(address, port).map(key => key.type),
        ...keysOf(about(knownHostName(address, port))).map(line => line.type),
        ...(port === 22 ? [] : keysOf(about(knownHostName(address, 22))).map(line => line.type)),
      ]
      return [...new Set(types)]
    },
  }
}

function hashName(salt: string, name: string): string {
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64')
}

/** A store of trusted keys for tests and for trying a connection, before there is a database. */
export function memoryKeyStore(): TrustedKeyStore & { trust(address: string, port: number, key: HostKey): void } {
  const keys = new Map<string, HostKey[]>()
  return {
    list: (address, port) => keys.get(knownHostName(address, port)) ?? [],
    trust(address, port, key) {
      const name = knownHostName(address, port)
      keys.set(name, [...(keys.get(name) ?? []), key])
    },
  }
}

/** A raw public key as people compare it. */
export function describeKey(raw: Buffer): HostKey {
  const length = raw.length >= 4 ? raw.readUInt32BE(0) : 0
  const type = raw.subarray(4, 4 + Math.min(length, 64)).toString('latin1')
  const fingerprint = `SHA256:${createHash('sha256').update(raw).digest('base64').replace(/=+$/, '')}`
  return { type, fingerprint, key: raw.toString('base64') }
}
