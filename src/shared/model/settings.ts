// What a person can set, and how the vault stands; knows nothing of where it is kept.
import { z } from 'zod'

export const Settings = z.object({
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  /** Seconds between samples while nobody looks, and while somebody does. */
  sampleSecondsIdle: z.number().int().min(5).max(300).default(15),
  sampleSecondsWatched: z.number().int().min(1).max(60).default(2),
  /** Days of raw samples, and of roll-ups (see the retention ladder). */
  rawSampleDays: z.number().int().min(1).max(90).default(14),
  notifications: z.boolean().default(true),
  /** The panic switch: off stops all mending by rule at once, not what runs on a schedule. */
  automation: z.boolean().default(true),
  closeToTray: z.boolean().default(true),
  firstRunDone: z.boolean().default(false),
})
export type Settings = z.infer<typeof Settings>

const { shape } = Settings
/** Some settings to change. Without the defaults, which `Settings.partial()` would fill in for all that is not named. */
export const SettingsChange = z
  .object({
    theme: shape.theme.unwrap(),
    sampleSecondsIdle: shape.sampleSecondsIdle.unwrap(),
    sampleSecondsWatched: shape.sampleSecondsWatched.unwrap(),
    rawSampleDays: shape.rawSampleDays.unwrap(),
    notifications: shape.notifications.unwrap(),
    automation: shape.automation.unwrap(),
    closeToTray: shape.closeToTray.unwrap(),
    firstRunDone: shape.firstRunDone.unwrap(),
  })
  .partial()
export type SettingsChange = z.infer<typeof SettingsChange>

export const VaultStatus = z.object({
  state: z.enum(['uninitialised', 'locked', 'unlocked']),
  /** How the key is protected: by the desktop's keyring, by a passphrase, or not decided yet. */
  protection: z.enum(['keyring', 'passphrase', 'none']),
  /** Can the desktop's keyring be used here? False with the reason in `reason`. */
  keyringAvailable: z.boolean(),
  reason: z.string().nullable(),
})
export type VaultStatus = z.infer<typeof VaultStatus>

/** How the engine itself is doing, for the Settings screen, banners and `status --json`. */
export const EngineHealth = z.object({
  version: z.string(),
  startedAt: z.number(),
  dataDirectory: z.string(),
  databaseBytes: z.number(),
  /** Set while nothing can be written (disk full); monitoring goes on in memory. */
  storeProblem: z.string().nullable(),
  /** Set when a damaged database was set aside at this start: where it lies now. */
  setAside: z.string().nullable(),
  /** The automatic copy that took its place; null where it began afresh. */
  restored: z.string().nullable().default(null),
  /** Why this computer counts as offline (R18): nothing is known of the hosts meanwhile. Null while it is online. */
  offline: z.string().nullable().optional(),
})
export type EngineHealth = z.infer<typeof EngineHealth>

/** What is under way on a host and would be half done if the app ended now. */
export const Unfinished = z.object({
  /** `a restore of Stats`. */
  what: z.string(),
  hostName: z.string(),
  /** Services that are stopped for it. */
  units: z.array(z.string()),
})
export type Unfinished = z.infer<typeof Unfinished>

/** A copy of the configuration that the app made by itself. */
export const OwnCopy = z.object({ name: z.string().max(100), at: z.number(), bytes: z.number() })
export type OwnCopy = z.infer<typeof OwnCopy>

/** What would be taken over from an export. */
export const OwnContent = z.object({
  hosts: z.number().int(),
  checks: z.number().int(),
  secrets: z.number().int(),
  /** Does its vault need a passphrase? */
  passphrase: z.boolean(),
})
export type OwnContent = z.infer<typeof OwnContent>
