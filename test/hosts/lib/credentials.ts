// Makes the keys and passwords with which tests log in to a host; must not know how a host is booted.

import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { run } from './run.ts'

/** deploy and fishy: sudo without password; sam: sudo with; norights: nothing; watcher: may read the journal. fishy's shell is fish. */
export const userNames = ['deploy', 'sam', 'norights', 'fishy', 'watcher'] as const
export type UserName = (typeof userNames)[number]

/** The uid and gid of each user, the same on all hosts. */
export const userIds: Record<UserName, number> = { deploy: 1001, sam: 1002, norights: 1003, fishy: 1004, watcher: 1005 }

/** One user's password; different in each process, so that a canary search for it means something. */
export type Passwords = Readonly<Record<UserName, string>>

const secret = (name: string) => `${name}-${randomBytes(9).toString('base64url')}`

/** The passwords that hosts have unless `bootHost({passwords})` says otherwise. */
export const passwords: Passwords = {
  deploy: secret('deploy'),
  sam: secret('sam'),
  norights: secret('norights'),
  fishy: secret('fishy'),
  watcher: secret('watcher'),
}

/** The passphrase of `keyFiles.rsa`. */
export const rsaPassphrase = secret('rsa')

/** Private key files of one host; the public key stands beside each as `.pub`. All users accept all three. */
export interface KeyFiles {
  readonly ed25519: string
  /** Encrypted with `rsaPassphrase`. */
  readonly rsa: string
  readonly rsaPassphrase: string
  readonly ecdsa: string
}
export type KeyName = 'ed25519' | 'rsa' | 'ecdsa'

/** File name → content, of private and public keys. */
type KeyTexts = ReadonlyMap<string, string>
let made: Promise<KeyTexts> | undefined

const keyNames: readonly KeyName[] = ['ed25519', 'rsa', 'ecdsa']

/** Writes this process's key pairs into `folder`; they are made once, in the folder of the first host. */
export async function writeKeys(folder: string): Promise<{ keyFiles: KeyFiles; authorizedKeys: string }> {
  await mkdir(folder, { mode: 0o700 })
  made ??= makeKeys(folder)
  const texts = await made
  for (const [name, text] of texts) await writeFile(path.join(folder, name), text, { mode: 0o600 })
  const file = (name: KeyName) => path.join(folder, name)
  return {
    keyFiles: { ed25519: file('ed25519'), rsa: file('rsa'), rsaPassphrase, ecdsa: file('ecdsa') },
    authorizedKeys: keyNames.map(name => texts.get(`${name}.pub`) ?? '').join(''),
  }
}

async function makeKeys(folder: string): Promise<KeyTexts> {
  const make = (name: KeyName, ...args: string[]) =>
    run(['ssh-keygen', '-q', '-t', name, '-C', `${name}@quarterdeck-test`, '-f', path.join(folder, name), ...args])
  await Promise.all([
    make('ed25519', '-N', ''),
    make('rsa', '-b', '2048', '-N', rsaPassphrase),
    make('ecdsa', '-N', ''),
  ])
  const names = keyNames.flatMap(name => [name, `${name}.pub`])
  return new Map(
    await Promise.all(names.map(async name => [name, await readFile(path.join(folder, name), 'utf8')] as const)),
  )
}

/** One crypt(3) hash per user, for /etc/shadow. */
export async function shadowHashes(of: Passwords): Promise<ReadonlyMap<UserName, string>> {
  const { stdout } = await run(['openssl', 'passwd', '-6', '-stdin'], {
    input: userNames.map(name => `${of[name]}\n`).join(''),
  })
  const hashes = stdout.trim().split('\n')
  return new Map(userNames.map((name, i) => [name, hashes[i] ?? '!']))
}
