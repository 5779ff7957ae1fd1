// All that a window (or the command line) may ask of the engine and hear from it; knows nothing of how it is answered.
import { z } from 'zod'
import { AuditEntry, AuditQuery } from '../model/audit.ts'
import {
  ConnectionStep,
  Host,
  HostDraft,
  HostId,
  HostKey,
  HostSecrets,
  HostView,
  SshConfigHost,
} from '../model/host.ts'
import { JournalBoot, JournalEntry, JournalFilter, JournalPage, JournalPageQuery } from '../model/journal.ts'
import { HostSample, ObservationGap, SeriesData, SeriesQuery } from '../model/metric.ts'
import { EngineHealth, Settings, SettingsChange, VaultStatus } from '../model/settings.ts'
import { ActionPreview, ActionRun, ActionRunId, Timer, Unit, UnitRef, UnitTransition, UnitVerb } from '../model/unit.ts'
import { type Contract, command, event, query, stream } from './define.ts'

const none = z.void()
const UnitAction = UnitRef.extend({ verb: UnitVerb })

export const engineContract = {
  // the engine itself
  'engine.health': query(none, EngineHealth),
  'engine.healthChanged': event(EngineHealth),
  'settings.get': query(none, Settings),
  'settings.set': command(SettingsChange, Settings),
  'settings.changed': event(Settings),
  'vault.status': query(none, VaultStatus),
  /** Makes the vault, under the keyring, or under a passphrase where one is given. */
  'vault.create': command(z.object({ passphrase: z.string().min(8).max(1024).nullable() }), VaultStatus),
  'vault.unlock': command(z.object({ passphrase: z.string().min(1).max(1024) }), VaultStatus),
  'vault.changed': event(VaultStatus),

  // hosts
  'host.list': query(none, z.array(HostView)),
  'host.get': query(HostId, HostView),
  'host.add': command(z.object({ draft: HostDraft, secrets: HostSecrets }), Host),
  'host.edit': command(z.object({ id: HostId, draft: HostDraft, secrets: HostSecrets }), Host),
  'host.remove': command(HostId, none),
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
} as const satisfies Contract
export type EngineContract = typeof engineContract
