// Gets the one credential that a host is set up with, at the moment it is needed, and explains why it cannot be used; never tries another.
import { createHash, createPrivateKey } from 'node:crypto'
import { open } from 'node:fs/promises'
import { homedir } from 'node:os'
import ssh2, { type BaseAgent, type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2'
import { AppError } from '../../shared/errors.ts'
import type { HostAuth } from '../../shared/model/host.ts'
import type { SecretSource } from '../ports.ts'
import { unlockKey } from './unlock-key.ts'

const largestKeyFile = 65_536

type AgentKey = string | Buffer | ParsedKey

export type Credential =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'key'; readonly key: ParsedKey; readonly warning: string | null }
  | { readonly kind: 'agent'; readonly agent: BaseAgent; readonly keys: number }

/** Reads the secret or key for `auth`. Throws AppError; its message never holds a secret. */
export async function loadCredential(
  auth: HostAuth,
  hostId: string,
  secrets: SecretSource,
  agentSocket: string | null,
): Promise<Credential> {
  switch (auth.kind) {
    case 'password': {
      const password = await secrets.hostSecret(hostId, 'password')
      if (password === null) {
        throw new AppError('CONFIG', 'No password is stored for this host', {
          hint: "Enter it in the host's settings.",
        })
      }
      return { kind: 'password', password }
    }
    case 'key':
      return loadKey(auth.path, () => secrets.hostSecret(hostId, 'passphrase'))
    case 'agent':
      return loadAgent(agentSocket)
  }
}

/** `~` and `~/…` are this user's home. */
export function expandHome(path: string): string {
  if (path === '~') return homedir()
  return path.startsWith('~/') || path.startsWith('~\\') ? homedir() + path.slice(1) : path
}

async function loadKey(givenPath: string, passphrase: () => Promise<string | null>): Promise<Credential> {
  const path = expandHome(givenPath)
  const { text, mode } = await readKeyFile(path)
  let key = parse(text, undefined)
  if (key instanceof Error && needsPassphrase(key, text)) {
    const secret = await passphrase()
    if (secret === null) {
      throw new AppError('KEY_LOCKED', `The key ${path} is locked with a passphrase`, {
        hint: "Enter its passphrase in the host's settings, or load the key into ssh-agent and choose the agent.",
      })
    }
    key = await unlock(text, secret)
    if (key instanceof Error) {
      throw new AppError('KEY_PASSPHRASE_WRONG', `The passphrase does not open the key ${path}`, {
        hint: `Enter it again. "ssh-keygen -y -f ${path}" on this computer tells whether it is right.`,
      })
    }
  }
  if (key instanceof Error) throw unreadable(path, text)
  if (!key.isPrivateKey()) throw unreadable(path, text)
  if (key.type === 'ssh-dss') {
    throw new AppError('UNSUPPORTED', `The key ${path} is a DSA key, which SSH servers no longer accept`, {
      hint: 'Make a new one: ssh-keygen -t ed25519',
    })
  }
  const open = process.platform !== 'win32' && (mode & 0o077) !== 0
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  return {
    kind: 'key',
    key,
    warning: open ? `Other users of this computer can read ${path} (mode ${shown}): chmod 600 ${path}` : null,
  }
}

async function readKeyFile(path: string): Promise<{ text: string; mode: number }> {
  try {
    const file = await open(path, 'r')
    try {
      const { mode, size } = await file.stat()
      if (size > largestKeyFile) {
        throw new AppError('KEY_UNREADABLE', `${path} is too large for a private key`, {
          hint: 'Choose a private key file.',
        })
      }
      return { text: await file.readFile('latin1'), mode }
    } finally {
      await file.close()
    }
  } catch (caught) {
    if (caught instanceof AppError) throw caught
    const code = (caught as NodeJS.ErrnoException).code
    const why: Record<string, [string, string]> = {
      ENOENT: [`There is no key file ${path}`, "Choose the private key file in the host's settings."],
      EACCES: [`This user may not read the key file ${path}`, `Check its owner and mode: chmod 600 ${path}`],
      EPERM: [`This user may not read the key file ${path}`, `Check its owner and mode: chmod 600 ${path}`],
      EISDIR: [`${path} is a folder, not a key file`, 'Choose the private key file itself, for example id_ed25519.'],
    }
    const [message, hint] = why[code ?? ''] ?? [`The key file ${path} cannot be read (${code})`, 'Choose another file.']
    throw new AppError('KEY_UNREADABLE', message, { hint })
  }
}

function parse(text: string, passphrase: string | undefined): ParsedKey | Error {
  const pkcs8 = fromPkcs8(text, passphrase)
  if (pkcs8 instanceof Error) return pkcs8
  const key = ssh2.utils.parseKey(pkcs8 ?? text, pkcs8 === null ? passphrase : undefined)
  const first = Array.isArray(key) ? (key[0] ?? new Error('empty')) : key
  if (!(first instanceof Error)) refuseSha1(first)
  return first
}

/** Keys that were opened, so that a reconnect does not pay for the passphrase again; by a hash of file and passphrase. */
const opened = new Map<string, Promise<ParsedKey | Error>>()
const mostOpened = 64

async function unlock(text: string, passphrase: string): Promise<ParsedKey | Error> {
  const name = createHash('sha256').update(text).update('\0').update(passphrase).digest('base64')
  const known = opened.get(name)
  if (known !== undefined) return known
  const opening = unlockKey(text, passphrase).then(plain => {
    if (plain === 'wrong') return new Error('wrong passphrase')
    return plain === null ? parse(text, passphrase) : parse(plain, undefined)
  })
  const [oldest] = opened.keys()
  if (opened.size >= mostOpened && oldest !== undefined) opened.delete(oldest)
  opened.set(name, opening)
  const key = await opening
  if (key instanceof Error) opened.delete(name)
  return key
}

/** ssh2 does not read PKCS#8; Node does. Null where the text is something else or ed25519, which has no older form. */
function fromPkcs8(text: string, passphrase: string | undefined): string | null | Error {
  if (!/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/m.test(text)) return null
  try {
    const key = createPrivateKey({ key: text, passphrase })
    if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' }).toString()
    if (key.asymmetricKeyType === 'ec') return key.export({ type: 'sec1', format: 'pem' }).toString()
    return null
  } catch (error) {
    return error instanceof Error ? error : new Error('unreadable')
  }
}

function needsPassphrase(error: Error, text: string): boolean {
  return (
    /encrypted|passphrase/i.test(error.message) || /BEGIN ENCRYPTED PRIVATE KEY|^Proc-Type: 4,ENCRYPTED/m.test(text)
  )
}

function unreadable(path: string, text: string): AppError {
  if (/^(ssh-|ecdsa-|sk-)|BEGIN (SSH2 )?PUBLIC KEY/m.test(text)) {
    return new AppError('KEY_UNREADABLE', `${path} is a public key`, {
      hint: 'Choose the private half: the file of the same name without ".pub".',
    })
  }
  if (/BEGIN (ENCRYPTED )?PRIVATE KEY/.test(text)) {
    return new AppError('KEY_UNREADABLE', `${path} is a private key in a form that cannot be used here`, {
      hint: `Convert a copy of it: ssh-keygen -p -f ${path}`,
    })
  }
  return new AppError('KEY_UNREADABLE', `${path} is not a private key that can be used here`, {
    hint: 'OpenSSH, PEM and PuTTY 2 keys work. Keys on a security token work through ssh-agent.',
  })
}

/** A host that does not announce SHA-2 signatures would get a SHA-1 one from ssh2; it gets none. */
function refuseSha1(key: ParsedKey): void {
  if (key.type !== 'ssh-rsa') return
  const sign = key.sign.bind(key)
  key.sign = (data, algorithm) => {
    if (algorithm === undefined || /sha1/i.test(algorithm)) throw new Error('The host asks for a SHA-1 signature')
    return sign(data, algorithm)
  }
}

/** An agent that is never asked for a SHA-1 signature. */
class Sha2Agent extends ssh2.BaseAgent {
  readonly #agent: BaseAgent

  constructor(agent: BaseAgent) {
    super()
    this.#agent = agent
  }

  override getIdentities(done: Parameters<BaseAgent['getIdentities']>[0]): void {
    this.#agent.getIdentities(done)
  }

  override sign(key: AgentKey, data: Buffer, options: SigningRequestOptions | SignCallback, done?: SignCallback): void {
    const [wanted, callback] = typeof options === 'function' ? [{}, options] : [options, done]
    const rsa = typeof key === 'object' && 'type' in key && key.type === 'ssh-rsa'
    if (rsa && wanted.hash !== 'sha256' && wanted.hash !== 'sha512') {
      callback?.(new Error('The host asks for a SHA-1 signature'))
    } else this.#agent.sign(key, data, wanted, callback)
  }
}

async function loadAgent(socket: string | null): Promise<Credential> {
  if (socket === null || socket === '') {
    throw new AppError('AGENT_UNAVAILABLE', 'No ssh-agent runs for this user (SSH_AUTH_SOCK is not set)', {
      hint: 'Start ssh-agent and ssh-add the key before the app starts, or choose a key file.',
    })
  }
  const agent = new Sha2Agent(ssh2.createAgent(socket))
  const keys = await new Promise<number>((resolve, reject) => {
    agent.getIdentities((error, identities) => {
      if (error || identities === undefined) {
        const hint = 'Is ssh-agent still running? Start it and the app again, or choose a key file.'
        reject(new AppError('AGENT_UNAVAILABLE', `ssh-agent does not answer at ${socket}`, { hint }))
      } else resolve(identities.length)
    })
  })
  if (keys === 0) {
    throw new AppError('AGENT_UNAVAILABLE', 'ssh-agent holds no key', { hint: 'Add one: ssh-add ~/.ssh/id_ed25519' })
  }
  return { kind: 'agent', agent, keys }
}
