// Which algorithms a handshake may use: modern ones, fast ones first; knows nothing of connections.
import { getCiphers, getCurves, getHashes } from 'node:crypto'
import type { Algorithms } from 'ssh2'

// No SHA-1, no CBC, no group exchange (over a second of blocking CPU). chacha20-poly1305 is broken in ssh2's native part on
// current Node and slower than AES without it.
const keyExchanges = [
  ['curve25519-sha256', null],
  ['curve25519-sha256@libssh.org', null],
  ['ecdh-sha2-nistp256', 'prime256v1'],
  ['ecdh-sha2-nistp384', 'secp384r1'],
  ['ecdh-sha2-nistp521', 'secp521r1'],
  ['diffie-hellman-group14-sha256', null],
  ['diffie-hellman-group16-sha512', null],
] as const
const ciphers = [
  ['aes128-gcm@openssh.com', 'aes-128-gcm'],
  ['aes256-gcm@openssh.com', 'aes-256-gcm'],
  ['aes128-ctr', 'aes-128-ctr'],
  ['aes256-ctr', 'aes-256-ctr'],
] as const
const macs = [
  ['hmac-sha2-256-etm@openssh.com', 'sha256'],
  ['hmac-sha2-512-etm@openssh.com', 'sha512'],
  ['hmac-sha2-256', 'sha256'],
  ['hmac-sha2-512', 'sha512'],
] as const
const hostKeys = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const

type HostKeyAlgorithm = (typeof hostKeys)[number]

/** Host key algorithms with those of the known key types first, so that a known host is asked for the key we know. */
export function hostKeyOrder(knownTypes: readonly string[]): HostKeyAlgorithm[] {
  const known = (name: string): boolean => knownTypes.includes(name.startsWith('rsa-') ? 'ssh-rsa' : name)
  return [...hostKeys.filter(known), ...hostKeys.filter(name => !known(name))]
}

/** What is offered in a handshake. */
export function offeredAlgorithms(knownTypes: readonly string[]): Algorithms {
  const has = { cipher: new Set(getCiphers()), hash: new Set(getHashes()), curve: new Set(getCurves()) }
  return {
    kex: keyExchanges.filter(([, curve]) => curve === null || has.curve.has(curve)).map(([name]) => name),
    serverHostKey: hostKeyOrder(knownTypes),
    cipher: ciphers.filter(([, name]) => has.cipher.has(name)).map(([name]) => name),
    hmac: macs.filter(([, name]) => has.hash.has(name)).map(([name]) => name),
    compress: ['none'],
  }
}
