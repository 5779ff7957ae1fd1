// Proves that locked OpenSSH keys of all kinds open with their passphrase only, and that other work goes on meanwhile.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { afterAll, expect, test } from 'vitest'
import { unlockKey } from '../../../../src/engine/remote/unlock-key.ts'

const folder = mkdtempSync(join(tmpdir(), 'qd-unlock-'))
afterAll(() => rmSync(folder, { recursive: true }))

function make(name: string, ...args: string[]): { text: string; publicKey: string } {
  const file = join(folder, name)
  execFileSync('ssh-keygen', ['-q', '-f', file, '-N', 'päss phrase', '-a', '4', ...args])
  return { text: readFileSync(file, 'utf8'), publicKey: readFileSync(`${file}.pub`, 'utf8').split(' ')[1] ?? '' }
}

test.each([
  ['ed25519', ['-t', 'ed25519']],
  ['ecdsa', ['-t', 'ecdsa']],
  ['rsa', ['-t', 'rsa', '-b', '2048']],
  ['cbc', ['-t', 'ed25519', '-Z', 'aes256-cbc']],
  ['ctr128', ['-t', 'ed25519', '-Z', 'aes128-ctr']],
])('%s opens with its passphrase and stays shut with another', async (name, args) => {
  const { text, publicKey } = make(name, ...args)
  expect(await unlockKey(text, 'wrong')).toBe('wrong')
  const plain = await unlockKey(text, 'päss phrase')
  const key = ssh2.utils.parseKey(plain ?? '')
  if (key instanceof Error || Array.isArray(key)) throw new Error('not a key')
  expect(key.isPrivateKey()).toBe(true)
  expect(key.getPublicSSH().toString('base64')).toBe(publicKey)
})

test('other work gets its turns while a key is opened', async () => {
  const { text } = make('slices', '-t', 'ed25519')
  let turns = 0
  let open = true
  const other = (async () => {
    while (open) {
      turns += 1
      await new Promise(resolve => setImmediate(resolve))
    }
  })()
  await unlockKey(text, 'päss phrase')
  open = false
  await other
  // 4 rounds for each of 2 blocks
  expect(turns).toBeGreaterThanOrEqual(8)
})

test('what is not a locked OpenSSH key, or a damaged one, is left to others', async () => {
  const { text } = make('cut', '-t', 'ed25519')
  const body = text.split('\n').slice(1, -2).join('')
  const damaged = (to: number): string =>
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from(body, 'base64').subarray(0, to).toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`
  for (const bad of ['', 'hello', damaged(10), damaged(40), damaged(100)]) expect(await unlockKey(bad, 'x')).toBe(null)
})
