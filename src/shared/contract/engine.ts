// All that a window (or the command line) may ask of the engine and hear from it; knows nothing of how it is answered.
import { z } from 'zod'
import { AuditEntry, AuditQuery } from '../model/audit.ts'
import { Channel, ChannelDraft, ChannelId, ChannelKind, ChannelView, OutboxEntry } from '../model/channel.ts'
import {
  Check,
  CheckDraft,
  CheckId,
  CheckKind,
  CheckProposal,
  CheckUnit,
  CheckView,
  FieldSecrets,
  Probe,
  Uptime,
} from '../model/check.ts'
import {
  ConnectionStep,
  Host,
  HostDraft,
  HostId,
  HostKey,
  HostRemoval,
  HostSecrets,
  HostView,
  SshConfigHost,
} from '../model/host.ts'
import { Incident, IncidentId, IncidentQuery, IncidentStory, Silence, SilenceDraft } from '../model/incident.ts'
import { JournalBoot, JournalEntry, JournalFilter, JournalPage, JournalPageQuery } from '../model/journal.ts'
import {
  Login,
  LoginCandidate,
  LoginDraft,
  LoginFile,
  LoginId,
  LoginView,
  RenewalRun,
  SiteProfile,
} from '../model/login.ts'
import { HostSample, ObservationGap, SeriesData, SeriesQuery } from '../model/metric.ts'
import {
  DropInReview,
  DropInSettings,
  DryRunItem,
  RecoveryAttempt,
  RecoveryKind,
  RecoveryPolicy,
  RecoveryStep,
  RecoveryView,
  StepPlan,
} from '../model/recovery.ts'
import { RunSchedule } from '../model/schedule.ts'
import { EngineHealth, OwnContent, OwnCopy, Settings, SettingsChange, VaultStatus } from '../model/settings.ts'
import { ActionPreview, ActionRun, ActionRunId, Timer, Unit, UnitRef, UnitTransition, UnitVerb } from '../model/unit.ts'
import { backupCalls } from './backups.ts'
import { type Contract, command, event, query, stream } from './define.ts'
import { maintenanceCalls } from './maintenance.ts'
import { shellNeeds } from './shell-needs.ts'

const none = z.void()
const UnitAction = UnitRef.extend({ verb: UnitVerb })

export const engineContract = {
  // the engine itself
  ...shellNeeds,
  'engine.health': query(none, EngineHealth),
  'engine.healthChanged': event(EngineHealth),
  'settings.set': command(SettingsChange, Settings),
  /** The next three times of a cron line as the engine reads it, or why there are none. */
  'schedule.times': query(
    RunSchedule.pick({ cron: true, zone: true }),
    z.object({ times: z.array(z.number()), problem: z.string().nullable() }),
  ),
  'vault.status': query(none, VaultStatus),
  /** Makes the vault, under the keyring, or under a passphrase where one is given. */
  'vault.create': command(z.object({ passphrase: z.string().min(8).max(1024).nullable() }), VaultStatus),
  'vault.unlock': command(z.object({ passphrase: z.string().min(1).max(1024) }), VaultStatus),
  /** A vault that cannot be unlocked any more is set aside with all that it holds, never removed; all secrets are asked for anew. */
  'vault.reset': command(none, VaultStatus),
  'vault.changed': event(VaultStatus),

  // the app's own data
  /** The copies that the app made by itself, newest first. */
  'data.copies': query(none, z.array(OwnCopy)),
  /** Writes everything but the samples into a new file; the secrets in it under the passphrase. Fails with VAULT_LOCKED. */
  'data.export': command(
    z.object({ path: z.string().min(1).max(4096), passphrase: z.string().min(8).max(1024) }),
    none,
  ),
  /** Looks into an export, or by its name into a copy. */
  'data.look': query(z.string().min(1).max(4096), OwnContent),
  /** Lays it where the next start takes it over; what is there then stays beside it. Fails with VAULT_PASSPHRASE_WRONG. */
  'data.import': command(
    z.object({ path: z.string().min(1).max(4096), passphrase: z.string().max(1024).nullable() }),
    none,
  ),

  // hosts
  'host.list': query(none, z.array(HostView)),
  'host.get': query(HostId, HostView),
  'host.add': command(z.object({ draft: HostDraft, secrets: HostSecrets }), Host),
  'host.edit': command(z.object({ id: HostId, draft: HostDraft, secrets: HostSecrets }), Host),
  /**
   * Fails with CONFLICT while a restore, a renewal or maintenance that has begun is under way on it: where the host is away, `detail.despite` is `unfinished`,
   * and `despiteUnfinished` removes it all the same. With `startServices` those that were stopped because a login on it is expired are started first; where
   * that does not work nothing is removed.
   */
  'host.remove': command(HostRemoval, none),
  /** Tries the connection step by step without saving anything but a key that the person trusts on the way. */
  'host.test': stream(
    z.object({
      /** Set when an existing host is being edited: its stored secrets are used where none are given. */
      id: HostId.nullable(),
      draft: HostDraft,
      secrets: HostSecrets,
    }),
    ConnectionStep,
  ),
  /** Trusts exactly this key for this address and port, as the person confirmed by its fingerprint. */
  'host.trustKey': command(
    z.object({ address: z.string().max(253), port: z.number().int().min(1).max(65535), key: HostKey }),
    none,
  ),
  /** Forgets the keys known for a host, after the person was shown that it changed; the next connect asks anew. */
  'host.forgetKey': command(HostId, none),
  'host.connect': command(HostId, none),
  'host.disconnect': command(HostId, none),
  /** The hosts of ~/.ssh/config. Fails with CONFIG and the line's number where the file is malformed. */
  'host.importList': query(none, z.array(SshConfigHost)),
  'host.changed': event(HostView),
  'host.removed': event(HostId),
  /** Says which host a window looks at, so that it is sampled fast; null when none. */
  'host.watch': command(HostId.nullable(), none),

  // units
  'unit.list': query(HostId, z.array(Unit)),
  'unit.get': query(UnitRef, Unit),
  /** Units that appeared or changed since the last event, and the names of those that went. */
  'unit.changed': event(z.object({ hostId: HostId, changed: z.array(Unit), removed: z.array(UnitRef) })),
  'unit.timers': query(HostId, z.array(Timer)),
  'unit.pin': command(UnitRef.extend({ pinned: z.boolean() }), none),
  /** Transitions of a unit, newest first. */
  'unit.history': query(
    UnitRef.extend({ limit: z.number().int().min(1).max(1000).default(200) }),
    z.array(UnitTransition),
  ),
  'unit.transition': event(UnitTransition),

  // actions
  'action.preview': query(UnitAction, ActionPreview),
  /** Starts the action and returns at once; `action.changed` tells how it goes. */
  'action.run': command(UnitAction, ActionRun),
  'action.cancel': command(ActionRunId, none),
  'action.get': query(ActionRunId, ActionRun),
  'action.changed': event(ActionRun),
  'audit.list': query(AuditQuery, z.array(AuditEntry)),
  'audit.changed': event(AuditEntry),

  // journal
  'journal.page': query(JournalPageQuery, JournalPage),
  /** History from `since` (or the newest 200) and then live; items are batches in order. Filters as in JournalFilter, one per host. */
  'journal.follow': stream(
    z.object({
      filters: z.array(JournalFilter).min(1).max(32),
      backlog: z.number().int().min(0).max(10_000).default(200),
    }),
    z.array(JournalEntry),
  ),
  /** Everything that matches, oldest first, for export. */
  'journal.export': stream(JournalFilter, z.array(JournalEntry)),
  'journal.boots': query(HostId, z.array(JournalBoot)),
  /** The journalctl command that shows the same. */
  'journal.command': query(JournalFilter, z.string()),

  // metrics
  'metric.latest': query(HostId, HostSample.nullable()),
  'metric.sample': event(HostSample),
  'metric.series': query(SeriesQuery, z.array(SeriesData)),
  /** The names of the series kept for a host. */
  'metric.names': query(HostId, z.array(z.string())),
  'metric.gaps': query(z.object({ hostId: HostId, from: z.number(), to: z.number() }), z.array(ObservationGap)),

  // checks
  'check.kinds': query(none, z.array(CheckKind)),
  'check.list': query(z.object({ hostId: HostId.nullable().default(null) }), z.array(CheckView)),
  'check.get': query(CheckId, CheckView),
  'check.add': command(z.object({ draft: CheckDraft, secrets: FieldSecrets }), Check),
  'check.edit': command(z.object({ id: CheckId, draft: CheckDraft, secrets: FieldSecrets }), Check),
  'check.remove': command(CheckId, none),
  /** Probes once without saving anything; the stored secrets of `id` are used where none are given. */
  'check.try': command(z.object({ id: CheckId.nullable(), draft: CheckDraft, secrets: FieldSecrets }), Probe),
  /** Probes a saved check now. */
  'check.probe': command(CheckId, none),
  'check.changed': event(CheckView),
  'check.removed': event(CheckId),
  /** Percent of the known time in which it was well, over 24 h, 7 d, 30 d and 90 d. */
  'check.uptime': query(CheckId, z.array(Uptime)),
  'unit.uptime': query(UnitRef, z.array(Uptime)),
  /** The lines that a journal pattern would have matched within the last hour, newest first, before it is saved. */
  'check.previewJournal': query(
    z.object({
      hostId: HostId,
      unit: CheckUnit.nullable(),
      pattern: z.string().min(1).max(1000),
      ignoreCase: z.boolean(),
    }),
    z.object({ matched: z.number().int(), all: z.number().int(), lines: z.array(JournalEntry).max(50) }),
  ),
  /** What would be of use on a host: the default rules, and what was found running on it. */
  'check.proposals': query(HostId, z.array(CheckProposal)),
  'check.dismissProposal': command(z.object({ hostId: HostId, key: z.string().max(400) }), none),

  // incidents and silences
  'incident.list': query(IncidentQuery, z.array(Incident)),
  'incident.get': query(IncidentId, IncidentStory),
  'incident.acknowledge': command(IncidentId, Incident),
  'incident.note': command(z.object({ id: IncidentId, text: z.string().trim().min(1).max(4000) }), none),
  /** The whole story without secrets, addresses and user names. */
  'incident.export': query(z.object({ id: IncidentId, format: z.enum(['markdown', 'json']) }), z.string()),
  'incident.changed': event(Incident),
  'silence.list': query(none, z.array(Silence)),
  'silence.add': command(SilenceDraft, Silence),
  'silence.edit': command(z.object({ id: z.string().max(64), draft: SilenceDraft }), Silence),
  'silence.remove': command(z.string().max(64), none),
  'silence.changed': event(z.array(Silence)),

  // channels
  'channel.kinds': query(none, z.array(ChannelKind)),
  'channel.list': query(none, z.array(ChannelView)),
  'channel.add': command(z.object({ draft: ChannelDraft, secrets: FieldSecrets }), Channel),
  'channel.edit': command(z.object({ id: ChannelId, draft: ChannelDraft, secrets: FieldSecrets }), Channel),
  'channel.remove': command(ChannelId, none),
  /** Sends a test message at once, past filters and quiet hours, by what is given; nothing is saved. Null when it arrived, else why not. */
  'channel.test': command(
    z.object({ id: ChannelId.nullable(), draft: ChannelDraft, secrets: FieldSecrets }),
    z.object({ problem: z.string().nullable() }),
  ),
  'channel.outbox': query(
    z.object({ id: ChannelId, limit: z.number().int().min(1).max(500).default(100) }),
    z.array(OutboxEntry),
  ),
  'channel.changed': event(ChannelView),
  'channel.removed': event(ChannelId),

  // recovery
  'recovery.kinds': query(none, z.array(RecoveryKind)),
  'recovery.list': query(z.object({ hostId: HostId.nullable().default(null) }), z.array(RecoveryView)),
  /** The rule of a unit as it is, or as it would be by default (not enabled). */
  'recovery.get': query(UnitRef, RecoveryView),
  'recovery.set': command(z.object({ policy: RecoveryPolicy, secrets: FieldSecrets }), RecoveryView),
  'recovery.remove': command(UnitRef, none),
  'recovery.attempts': query(
    UnitRef.extend({ limit: z.number().int().min(1).max(200).default(50) }),
    z.array(RecoveryAttempt),
  ),
  'recovery.plan': query(UnitRef.extend({ steps: z.array(RecoveryStep).min(1).max(8) }), z.array(StepPlan)),
  /** What the rule would have done over the last 7 days. */
  'recovery.dryRun': query(RecoveryPolicy, z.array(DryRunItem)),
  'recovery.changed': event(RecoveryView),
  /** The drop-in "leave it on the host": null settings show what removing it would do. */
  'dropin.review': query(UnitRef.extend({ settings: DropInSettings.nullable() }), DropInReview),
  /** Writes (or removes) it as reviewed: fails with CONFLICT where the file is no longer what `before` was. */
  'dropin.apply': command(
    UnitRef.extend({ settings: DropInSettings.nullable(), before: z.string().max(65_536).nullable() }),
    z.object({ backup: z.string().nullable() }),
  ),
  /** Puts back what was there before the last change. */
  'dropin.undo': command(UnitRef, none),

  // logins
  'login.sites': query(none, z.array(SiteProfile)),
  'login.list': query(none, z.array(LoginView)),
  'login.get': query(LoginId, LoginView),
  'login.add': command(z.object({ draft: LoginDraft }), Login),
  'login.edit': command(z.object({ id: LoginId, draft: LoginDraft }), Login),
  /** With `startServices` those that were stopped while it was expired are started first; where that does not work nothing is removed. */
  'login.remove': command(z.object({ id: LoginId, startServices: z.boolean().default(false) }), none),
  /** Looks at a file on a host before a login is made of it. */
  'login.inspect': query(z.object({ hostId: HostId, path: LoginDraft.shape.path }), LoginFile),
  /** Looks at the file and proves the login now. */
  'login.prove': command(LoginId, none),
  'login.changed': event(LoginView),
  'login.removed': event(LoginId),
  /** Takes what was pasted or dropped, in any format. The engine keeps it in memory, at most 10 min, and shows only what may be shown. */
  'login.paste': command(z.object({ id: LoginId, text: z.string().min(1).max(1_048_576) }), LoginCandidate),
  /** Opens a login window, and resolves once the required cookies are there; null where it was closed before. */
  'login.capture': command(LoginId, LoginCandidate.nullable()),
  /** What the file holds now (pull back what the bot rotated), or what the app last wrote (overwrite). */
  'login.candidate': command(z.object({ id: LoginId, source: z.enum(['file-on-host', 'last-push']) }), LoginCandidate),
  'login.discard': command(z.string().max(64), none),
  /** Writes a candidate: backed up, written in one step, read back, consumers restarted, proven, or all of it taken back. */
  'login.renew': command(
    z.object({ candidateId: z.string().max(64), despiteProblems: z.boolean().default(false) }),
    RenewalRun,
  ),
  'login.renewals': query(
    z.object({ id: LoginId, limit: z.number().int().min(1).max(100).default(20) }),
    z.array(RenewalRun),
  ),
  'renewal.changed': event(RenewalRun),
  /** Takes the file as it is for what the app last wrote: nothing is written. */
  'login.adopt': command(LoginId, none),

  ...backupCalls,
  ...maintenanceCalls,
} as const satisfies Contract
export type EngineContract = typeof engineContract
