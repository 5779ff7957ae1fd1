// What a login is: a file on a host that a bot logs in with, how it stands and how it is renewed; knows no cookie's value.
import { z } from 'zod'
import { CheckUnit } from './check.ts'
import { HostId } from './host.ts'
import { Evidence } from './unit.ts'

export const LoginId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'not a login id')
export type LoginId = z.infer<typeof LoginId>

/** How cookies lie in a file; found by content. `env` is KEY=value lines that hold single cookies or tokens. */
export const cookieFormats = ['netscape', 'json', 'storage-state', 'puppeteer', 'header', 'env'] as const
export const CookieFormat = z.enum(cookieFormats)
export type CookieFormat = z.infer<typeof CookieFormat>

/** What kind of secret with an age it is. A `token` and an `env` value are sent as Authorization; a certificate has its own end. */
export const LoginKind = z.enum(['cookies', 'token', 'certificate'])
export type LoginKind = z.infer<typeof LoginKind>

/** Not by URL.canParse: the oldest window that the app runs in does not have it. */
const httpUrl = z
  .string()
  .max(2000)
  .refine(text => {
    try {
      return /^https?:$/.test(new URL(text).protocol)
    } catch {
      return false
    }
  }, 'An address begins with http:// or https://')

/** The real authenticated request that proves a login (R27). */
export const LoginProbe = z.object({
  url: httpUrl,
  /** Such as `2xx`. */
  expectedStatus: z.string().max(100).default('2xx'),
  /** Headers beside the cookies; `{ct0}` is replaced by the value of that cookie. */
  headers: z
    .array(
      z.object({
        name: z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'Not the name of a header'),
        value: z.string().max(1000),
      }),
    )
    .max(16)
    .default([]),
  /** The answer has to contain this text; empty is any. */
  validText: z.string().max(500).default(''),
  /** A redirect to an address that contains one of these means logged out. */
  loginPaths: z
    .array(z.string().min(1).max(200))
    .max(16)
    .default(['/login', '/signin', '/i/flow/login', '/accounts/login']),
  /** An answer that contains one of these is a challenge (captcha, "unusual activity"). */
  challengeTexts: z.array(z.string().min(1).max(200)).max(16).default([]),
  from: z.enum(['host', 'local', 'both']).default('host'),
})
export type LoginProbe = z.infer<typeof LoginProbe>

/** A site that is known, so that a person has to fill in nothing. */
export const SiteProfile = z.object({
  id: z.string().max(40),
  title: z.string(),
  loginUrl: z.string(),
  domains: z.array(z.string()),
  required: z.array(z.string()),
  probe: LoginProbe.nullable(),
})
export type SiteProfile = z.infer<typeof SiteProfile>

export const LoginDraft = z.object({
  name: z.string().trim().min(1, 'Give the login a name').max(100),
  kind: LoginKind.default('cookies'),
  hostId: HostId,
  /** Absolute, on the host. */
  path: z
    .string()
    .max(4096)
    .regex(/^\/[^\0]*[^/\0]$/, 'The absolute path of a file, such as /opt/bot/cookies.txt'),
  /** Null is found by content. */
  format: CookieFormat.nullable().default(null),
  /** The profile's id, or `custom`. */
  site: z.string().max(40).default('custom'),
  loginUrl: httpUrl.nullable().default(null),
  /** Cookies of other domains are never taken from a login window. */
  domains: z.array(z.string().min(1).max(253)).max(32).default([]),
  /** Names of cookies (or keys of an .env file) without which the bot cannot log in. */
  required: z.array(z.string().min(1).max(256)).max(64).default([]),
  /** The services that use it; restarted after a renewal. */
  consumers: z.array(CheckUnit).max(16).default([]),
  probe: LoginProbe.nullable().default(null),
  warnDays: z.number().int().min(0).max(365).default(7),
  criticalDays: z.number().int().min(0).max(365).default(1),
  /** What happens to its consumers while it is proven expired (R24). */
  onExpiry: z.enum(['nothing', 'stop', 'disable']).default('nothing'),
  /** Is the browser's own session kept between renewals, so that one is still logged in there? */
  keepSession: z.boolean().default(false),
  /** Visit `loginUrl` with the kept session every so many hours, so that it does not age; null is never. */
  keepAliveHours: z.number().int().min(1).max(720).nullable().default(null),
})
export type LoginDraft = z.infer<typeof LoginDraft>

export const Login = LoginDraft.extend({ id: LoginId, createdAt: z.number(), checkId: z.string() })
export type Login = z.infer<typeof Login>

/** One cookie as it may be shown: never its value. */
export const CookieFact = z.object({
  name: z.string().max(512),
  domain: z.string().max(253),
  path: z.string().max(1024),
  /** Wall ms; null for a session cookie, which is not "expired". */
  expiresAt: z.number().nullable(),
  secure: z.boolean(),
  httpOnly: z.boolean(),
  /** How long its value is, so that an empty or cut one is seen. */
  length: z.number().int(),
})
export type CookieFact = z.infer<typeof CookieFact>

/** The file as it lies on the host. */
export const LoginFile = z.object({
  /** Of its content, hex; null where it could not be read. */
  sha256: z.string().nullable(),
  format: CookieFormat.nullable(),
  bytes: z.number().int().nullable(),
  /** As in `0600`. */
  mode: z.string().nullable(),
  owner: z.string().nullable(),
  group: z.string().nullable(),
  modifiedAt: z.number().nullable(),
  cookies: z.array(CookieFact).max(2000),
  /** What is wrong with it, in sentences: missing names, readable by everybody, a link, not parsable. */
  problems: z.array(z.string()),
})
export type LoginFile = z.infer<typeof LoginFile>

export const LoginVerdict = z.enum(['valid', 'expired', 'challenged', 'rate-limited', 'site-down', 'unknown'])
export type LoginVerdict = z.infer<typeof LoginVerdict>

export const LoginProof = z.object({
  at: z.number(),
  verdict: LoginVerdict,
  from: z.enum(['host', 'local']),
  message: z.string().max(2000),
})
export type LoginProof = z.infer<typeof LoginProof>

export const LoginView = z.object({
  login: Login,
  file: LoginFile.nullable(),
  fileAt: z.number().nullable(),
  /** The newest proof from each side. */
  proofs: z.array(LoginProof),
  /** The soonest end among the required cookies, wall ms. */
  expiresAt: z.number().nullable(),
  /** When the app last wrote the file; null never. */
  pushedAt: z.number().nullable(),
  /** The file is no longer what the app last wrote: the bot rotated its cookies (R29). Null where the app never wrote it. */
  drifted: z.boolean().nullable(),
  /** Its consumers were stopped or disabled because it is expired. */
  deactivated: z.boolean(),
  /** The newest visit with the kept session, and what was wrong with it; null where it is not kept alive. */
  keepAlive: z.object({ at: z.number().nullable(), problem: z.string().max(500).nullable() }).nullable(),
})
export type LoginView = z.infer<typeof LoginView>

/** One cookie's change, values masked. */
export const CookieChange = z.object({
  change: z.enum(['added', 'removed', 'changed', 'same']),
  before: CookieFact.nullable(),
  after: CookieFact.nullable(),
})
export type CookieChange = z.infer<typeof CookieChange>

/** New cookies that the engine holds in memory until they are written or dropped: the window sees only this. */
export const LoginCandidate = z.object({
  id: z.string().max(64),
  loginId: LoginId,
  source: z.enum(['pasted', 'window', 'file-on-host', 'last-push']),
  /** In which format it came, and in which it will be written. */
  from: CookieFormat,
  to: CookieFormat,
  changes: z.array(CookieChange).max(4000),
  /** What speaks against writing it (a required cookie is missing …); empty where nothing does. */
  problems: z.array(z.string()),
  /** What a person should know: already expired ones, cookies of other domains that were left out. */
  warnings: z.array(z.string()),
})
export type LoginCandidate = z.infer<typeof LoginCandidate>

const renewalSteps = ['read', 'back-up', 'write', 'read-back', 'restart', 'prove', 'roll-back'] as const
export const RenewalRun = z.object({
  id: z.string().max(64),
  loginId: LoginId,
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  outcome: z.enum(['running', 'verified', 'written', 'rolled-back', 'failed']),
  steps: z.array(
    z.object({
      step: z.enum(renewalSteps),
      outcome: z.enum(['running', 'done', 'failed', 'skipped']),
      text: z.string(),
    }),
  ),
  evidence: z.array(Evidence),
  /** Where the old file lies on the host. */
  backup: z.string().nullable(),
})
export type RenewalRun = z.infer<typeof RenewalRun>
