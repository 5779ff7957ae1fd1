// All that the engine may ask of the Electron shell that started it; headless, these calls have other ends.
import { z } from 'zod'
import { type Contract, command, event, query } from './define.ts'
import { RoutePath } from './shell.ts'

export const NativeNotification = z.object({
  /** The same id replaces a notification that is still shown. */
  id: z.string().max(200),
  title: z.string().max(200),
  body: z.string().max(2000),
  urgency: z.enum(['low', 'normal', 'critical']),
  /** Where a click leads. */
  route: RoutePath,
  /** Buttons; a press comes back as `notification.acted`. */
  actions: z
    .array(z.object({ id: z.string().min(1).max(40), title: z.string().min(1).max(60) }))
    .max(3)
    .default([]),
})
export type NativeNotification = z.infer<typeof NativeNotification>

/** The worst state over all hosts, and what is wrong, for the tray. */
export const TraySummary = z.object({
  state: z.enum(['healthy', 'degraded', 'unhealthy', 'maintenance', 'unknown']),
  lines: z.array(z.object({ text: z.string().max(200), route: RoutePath })).max(20),
})
export type TraySummary = z.infer<typeof TraySummary>

/** A cookie as the login window's own session holds it. Its value is a secret: it crosses to the engine alone. */
export const CapturedCookie = z.object({
  name: z.string().max(4096),
  value: z.string().max(65_536),
  domain: z.string().max(253),
  hostOnly: z.boolean(),
  path: z.string().max(4096),
  secure: z.boolean(),
  httpOnly: z.boolean(),
  sameSite: z.enum(['unspecified', 'no_restriction', 'lax', 'strict']),
  /** Wall ms; null for a session cookie. */
  expiresAt: z.number().nullable(),
})
export type CapturedCookie = z.infer<typeof CapturedCookie>

export const LoginWindowRequest = z.object({
  /** Names its partition: one login never sees another's session. */
  loginId: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  title: z.string().max(200),
  url: z.string().max(2000),
  /** Only cookies of these domains (and their subdomains) are handed over. */
  domains: z.array(z.string().max(253)).max(32),
  /** Once all of these are there it closes by itself. */
  required: z.array(z.string().max(256)).max(64),
  /** Keep the session for the next time. */
  keep: z.boolean(),
})
export type LoginWindowRequest = z.infer<typeof LoginWindowRequest>
/** Null cookies: it ended without them, with why. */
export const LoginWindowResult = z.object({
  cookies: z.array(CapturedCookie).max(2000).nullable(),
  reason: z.string().nullable(),
})
export type LoginWindowResult = z.infer<typeof LoginWindowResult>

export const PowerChange = z.enum(['suspend', 'resume', 'offline', 'online'])
export type PowerChange = z.infer<typeof PowerChange>

export const nativeContract = {
  'notification.show': command(NativeNotification, z.object({ shown: z.boolean(), reason: z.string().nullable() })),
  /** A button of a notification was pressed. */
  'notification.acted': event(z.object({ id: z.string().max(200), action: z.string().max(40) })),
  'tray.set': command(TraySummary, z.void()),
  /** Is the desktop's keyring real (not basic_text), and if not, why. Never blocks for more than 5 s. */
  'keyring.status': query(z.void(), z.object({ available: z.boolean(), reason: z.string().nullable() })),
  /** Encrypts or decrypts the vault's key by the desktop's keyring. */
  'keyring.wrap': command(z.instanceof(Uint8Array), z.instanceof(Uint8Array)),
  'keyring.unwrap': command(z.instanceof(Uint8Array), z.instanceof(Uint8Array)),
  /** The shell holds the vault's key in memory while the app runs, so that an engine that died need not wait for a passphrase; null forgets it. */
  'vault.keepKey': command(z.instanceof(Uint8Array).nullable(), z.void()),
  'vault.keptKey': query(z.void(), z.instanceof(Uint8Array).nullable()),
  /** Opens a window in which a person logs in. A second request for the same login brings the first to the front and ends with CONFLICT. */
  'login.open': command(LoginWindowRequest, LoginWindowResult),
  'login.close': command(z.string().max(64), z.void()),
  /** Visits `url` with the kept session and without a window, so that it does not age. */
  'login.refresh': command(LoginWindowRequest, LoginWindowResult),
  /** Removes the kept session. */
  'login.forget': command(z.string().max(64), z.void()),
  /** The computer is about to sleep, woke, lost or regained its network. */
  'power.changed': event(PowerChange),
  /** The app ends: stop taking work, bring what must not stay half done to an end in that time, and close. */
  'engine.stop': event(z.object({ graceMs: z.number() })),
  'theme.changed': event(z.enum(['light', 'dark'])),
} as const satisfies Contract
export type NativeContract = typeof nativeContract
