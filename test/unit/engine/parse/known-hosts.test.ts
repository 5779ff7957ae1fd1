// Proves how known_hosts is read: markers, hashed names, ports, wildcards, negation, and lines that OpenSSH would skip too.
import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { knownHostName, linesFor, parseKnownHosts } from '../../../../src/engine/parse/known-hosts.ts'
import { matchesPatternList, matchesWildcard } from '../../../../src/engine/parse/wildcard.ts'

const hash = (salt: string, name: string): string =>
  createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64')
const found = (text: string, address: string, port = 22): number[] =>
  linesFor(parseKnownHosts(text), knownHostName(address, port), hash).map(({ line }) => line)

test('names, lists of names, comments and empty lines', () => {
  const text = '# a comment\n\nexample.com,192.0.2.7 ssh-ed25519 AAAA bob@laptop\r\nother ssh-rsa BBBB\n'
  expect(found(text, 'example.com')).toEqual([3])
  expect(found(text, 'EXAMPLE.com')).toEqual([3])
  expect(found(text, '192.0.2.7')).toEqual([3])
  expect(found(text, 'ample.com')).toEqual([])
  expect(parseKnownHosts(text).lines[0]).toMatchObject({ type: 'ssh-ed25519', key: 'AAAA', marker: 'key' })
})

test('a port other than 22 is part of the name', () => {
  const text =
    'h ssh-ed25519 AAAA\n[h]:2222 ssh-ed25519 BBBB\n[2001:db8::1]:2222 ssh-ed25519 CCCC\n2001:db8::1 ssh-ed25519 DDDD\n'
  expect(found(text, 'h')).toEqual([1])
  expect(found(text, 'h', 2222)).toEqual([2])
  expect(found(text, '2001:db8::1', 2222)).toEqual([3])
  expect(found(text, '[2001:db8::1]')).toEqual([4])
})

test('wildcards and negation', () => {
  const text = '*.example.com,!bad.example.com ssh-ed25519 AAAA\n10.0.?.1 ssh-ed25519 BBBB\n'
  expect(found(text, 'a.example.com')).toEqual([1])
  expect(found(text, 'bad.example.com')).toEqual([])
  expect(found(text, 'example.com')).toEqual([])
  expect(found(text, '10.0.5.1')).toEqual([2])
  expect(found(text, '10.0.55.1')).toEqual([])
})

test('hashed names, as `ssh-keygen -H` makes them', () => {
  const salt = Buffer.from('0123456789abcdefghij').toString('base64')
  const text = `|1|${salt}|${hash(salt, 'example.com')} ssh-ed25519 AAAA\n|1|${salt}|${hash(salt, '[example.com]:2222')} ssh-rsa BBBB\n`
  expect(found(text, 'example.com')).toEqual([1])
  expect(found(text, 'example.com', 2222)).toEqual([2])
  expect(found(text, 'example.org')).toEqual([])
})

test('markers are kept apart', () => {
  const { lines } = parseKnownHosts('@revoked * ssh-rsa AAAA\n@cert-authority *.x ssh-rsa BBBB\nh ssh-rsa CCCC\n')
  expect(lines.map(({ marker }) => marker)).toEqual(['revoked', 'cert-authority', 'key'])
})

test('lines that cannot be read are named and skipped', () => {
  const text =
    'h\nh ssh-rsa\n@unknown h ssh-rsa AAAA\nh ssh-rsa not*base64\n|2|a|b ssh-rsa AAAA\n,, ssh-rsa AAAA\ngood ssh-rsa AAAA\n'
  expect(parseKnownHosts(text)).toMatchObject({ malformed: [1, 2, 3, 4, 5, 6], lines: [{ line: 7 }] })
})

test('patterns match like OpenSSH, in linear memory', () => {
  expect(matchesWildcard('*', '')).toBe(true)
  expect(matchesWildcard('a*b*c', 'a-b-b-c')).toBe(true)
  expect(matchesWildcard('a*b*c', 'a-b-b-d')).toBe(false)
  expect(matchesWildcard('?', '')).toBe(false)
  expect(matchesPatternList(['!a'], 'b')).toBe(false)
  expect(matchesPatternList(['*', '!a'], 'a')).toBe(false)
  expect(matchesWildcard(`${'*a'.repeat(30)}b`, 'a'.repeat(2_000))).toBe(false)
})
