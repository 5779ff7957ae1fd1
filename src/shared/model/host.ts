// What a host is, how it is reached and how its connection stands; knows nothing of SSH libraries or screens.
import { z } from 'zod'
import { ErrorShape } from '../error-shape.ts'

/** The id of this computer, which is a host like the others but for its connection. */
export const localHostId = 'local'

export const HostId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'not a host id')
export type HostId = z.infer<typeof HostId>

const address = z
  .string()
  .trim()
  .min(1, 'Enter a host name or an IP address')
  .max(253)
  .regex(/^[A-Za-z0-9._:%[\]-]+$/, 'A host name or IP address has no spaces or slashes')
  .refine(value => !value.startsWith('-'), 'An address cannot start with "-"')
const user = z
  .string()
  .trim()
  .min(1, 'Enter the user to log in as')
  .max(64)
  .regex(/^[^\s:@/\\\0-][^\s:@/\\\0]*$/, 'A user name has no spaces, ":" or "@"')

/** How to log in. Secrets are not here; they are given once in HostSecrets and live in the vault. */
export const HostAuth = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('agent') }),
  z.object({ kind: z.literal('key'), path: z.string().min(1, 'Choose a private key file').max(4096) }),
  z.object({ kind: z.literal('password') }),
])
export type HostAuth = z.infer<typeof HostAuth>

export const SudoMode = z.enum(['none', 'passwordless', 'password'])
export type SudoMode = z.infer<typeof SudoMode>

/** What a person enters to describe a host. */
export const HostDraft = z.object({
  name: z.string().trim().min(1, 'Give the host a name').max(64),
  address,
  port: z.number().int().min(1).max(65535),
  user,
  auth: HostAuth,
  sudo: SudoMode,
  /** Another configured host to go through. */
  jump: HostId.nullable(),
  /** Also watch the user's own units (`systemctl --user`). */
  userUnits: z.boolean(),
})
export type HostDraft = z.infer<typeof HostDraft>

/** What a person decided when asked before a host is removed. */
export const HostRemoval = z.object({
  id: HostId,
  /** Services that a login on it stopped are started first. */
  startServices: z.boolean().default(false),
  /** What is half done on a host that is away is given up, and what was stopped for it stays so. Counts only while it is away. */
  despiteUnfinished: z.boolean().default(false),
})
export type HostRemoval = z.infer<typeof HostRemoval>

/** Secrets given beside a draft. `undefined` keeps what is stored, `null` forgets it. */
export const HostSecrets = z.object({
  password: z.string().min(1).max(1024).nullable().optional(),
  passphrase: z.string().min(1).max(1024).nullable().optional(),
  sudoPassword: z.string().min(1).max(1024).nullable().optional(),
})
export type HostSecrets = z.infer<typeof HostSecrets>

export const Host = HostDraft.extend({
  id: HostId,
  kind: z.enum(['ssh', 'local']),
  createdAt: z.number(),
  /** Which secrets the vault holds for this host, never the secrets. */
  stored: z.object({ password: z.boolean(), passphrase: z.boolean(), sudoPassword: z.boolean() }),
})
export type Host = z.infer<typeof Host>

/** The states of semantics 4 and 5; the last five wait for the user. */
export const connectionStates = [
  'idle',
  'resolve',
  'tcp',
  'host-key',
  'auth',
  'ready',
  'lost',
  'backoff',
  'host-key-unknown',
  'host-key-changed',
  'auth-failed',
  'config',
] as const
export const ConnectionState = z.enum(connectionStates)
export type ConnectionState = z.infer<typeof ConnectionState>

/** A public host key as a person compares it. */
export const HostKey = z.object({
  type: z.string().max(64),
  fingerprint: z.string().max(128),
  /** The key itself, base64 as in known_hosts. */
  key: z.string().max(16_384),
})
export type HostKey = z.infer<typeof HostKey>

export const ConnectionStatus = z.object({
  state: ConnectionState,
  /** Wall time in ms at which this state began. */
  since: z.number(),
  /** Grows with each established connection; results of an older one are dropped (semantics 6). */
  generation: z.number().int(),
  /** Why it is not ready, when something went wrong. */
  error: ErrorShape.nullable(),
  /** In backoff: when the next attempt starts (wall ms). */
  nextAttemptAt: z.number().nullable(),
  /** In host-key-unknown and host-key-changed: what was offered. */
  offeredKey: HostKey.nullable(),
})
export type ConnectionStatus = z.infer<typeof ConnectionStatus>

/** What was learnt about the host itself after connecting. */
export const HostFacts = z.object({
  os: z.string().nullable(),
  kernel: z.string().nullable(),
  hostname: z.string().nullable(),
  machineId: z.string().nullable(),
  bootId: z.string().nullable(),
  uid: z.number().nullable(),
  cpus: z.number().nullable(),
  systemdVersion: z.number().nullable(),
  /** How units are watched: `none` means that this is not a systemd host. */
  unitSource: z.enum(['dbus-socket', 'dbus-bridge', 'systemctl', 'none']),
  /** May this user read the system journal? If not, which groups would help. */
  journal: z.object({ readable: z.boolean(), missingGroups: z.array(z.string()) }),
  /** Can this user act on system units, and how. */
  rights: z.enum(['root', 'sudo', 'none']),
})
export type HostFacts = z.infer<typeof HostFacts>

/** A part of monitoring that does not work on this host, in words a person can act on. */
export const HostProblem = z.object({
  area: z.enum(['units', 'user-units', 'journal', 'metrics', 'sudo']),
  error: ErrorShape,
})
export type HostProblem = z.infer<typeof HostProblem>

/** All that a list of hosts shows of one. */
export const HostView = z.object({
  host: Host,
  connection: ConnectionStatus,
  facts: HostFacts.nullable(),
  problems: z.array(HostProblem),
  /** Counts over the host's services; null until they are known. */
  units: z.object({ total: z.number(), failed: z.number(), active: z.number() }).nullable(),
  uptimeSeconds: z.number().nullable(),
})
export type HostView = z.infer<typeof HostView>

export const connectionSteps = [
  'resolve',
  'tcp',
  'host-key',
  'auth',
  'shell',
  'sudo',
  'systemd',
  'journal',
  'rights',
] as const
/** One line of "Test connection" (R3): what was tried, how it went, what to do. */
export const ConnectionStep = z.object({
  step: z.enum(connectionSteps),
  outcome: z.enum(['running', 'ok', 'warning', 'failed', 'skipped']),
  message: z.string(),
  hint: z.string().nullable(),
  /** Set on host-key when the person has to decide. */
  offeredKey: HostKey.nullable(),
  milliseconds: z.number().nullable(),
})
export type ConnectionStep = z.infer<typeof ConnectionStep>

/** One Host block of an OpenSSH client configuration, resolved. */
export const SshConfigHost = z.object({
  alias: z.string(),
  address: z.string(),
  port: z.number().int(),
  user: z.string().nullable(),
  identityFile: z.string().nullable(),
  proxyJump: z.array(z.string()),
  /** Directives that were found and are not honoured, for the person to know. */
  ignored: z.array(z.string()),
})
export type SshConfigHost = z.infer<typeof SshConfigHost>
