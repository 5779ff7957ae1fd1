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
  /** The computer is about to sleep, woke, lost or regained its network. */
  'power.changed': event(PowerChange),
  /** The app ends: stop taking work and close within the time the shell allows. */
  'engine.stop': event(z.void()),
  'theme.changed': event(z.enum(['light', 'dark'])),
} as const satisfies Contract
export type NativeContract = typeof nativeContract
