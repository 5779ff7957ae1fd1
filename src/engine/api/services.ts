// What the contract's handlers stand on; the composition root fills it in. Handlers know nothing else.
import type { ConnectionStep, HostDraft, HostKey, HostSecrets, SshConfigHost } from '../../shared/model/host.ts'
import type { EngineHealth } from '../../shared/model/settings.ts'
import type { Clock } from '../lib/clock.ts'
import type { Redactor } from '../lib/log.ts'
import type { Actions } from '../runtime/actions.ts'
import type { Alerting } from '../runtime/alerting.ts'
import type { AuditLog } from '../runtime/audit-log.ts'
import type { Backups } from '../runtime/backups.ts'
import type { Deactivation } from '../runtime/deactivation.ts'
import type { DropIns } from '../runtime/drop-in.ts'
import type { Fleet } from '../runtime/fleet.ts'
import type { HostRemoval } from '../runtime/host-removal.ts'
import type { Logins } from '../runtime/logins.ts'
import type { Maintenance } from '../runtime/maintenance.ts'
import type { Notifier } from '../runtime/notifier.ts'
import type { OwnData } from '../runtime/own-data.ts'
import type { Proposals } from '../runtime/proposals.ts'
import type { RecoveryRules } from '../runtime/recovery-rules.ts'
import type { RecoveryRunner } from '../runtime/recovery-runner.ts'
import type { Renewals } from '../runtime/renewal.ts'
import type { SettingsKeeper } from '../runtime/settings-keeper.ts'
import type { Silences } from '../runtime/silences.ts'
import type { TelegramCommands } from '../runtime/telegram-commands.ts'
import type { Vault } from '../runtime/vault.ts'
import type { Watching } from '../runtime/watching.ts'
import type { Store } from '../store/store.ts'

export interface Services {
  readonly store: Store
  readonly fleet: Fleet
  readonly hostRemoval: HostRemoval
  readonly actions: Actions
  readonly audit: AuditLog
  readonly settings: SettingsKeeper
  readonly vault: Vault
  readonly alerting: Alerting
  readonly silences: Silences
  readonly notifier: Notifier
  readonly telegramCommands: TelegramCommands
  readonly watching: Watching
  readonly proposals: Proposals
  readonly recovery: { readonly runner: RecoveryRunner; readonly rules: RecoveryRules; readonly dropIns: DropIns }
  readonly logins: Logins
  readonly renewals: Renewals
  readonly backups: Backups
  readonly maintenance: Maintenance
  readonly deactivation: Deactivation
  readonly ownData: OwnData
  readonly clock: Clock
  readonly redactor: Redactor
  health(): EngineHealth
  testConnection(
    id: string | null,
    draft: HostDraft,
    secrets: HostSecrets,
    signal: AbortSignal,
  ): AsyncIterable<ConnectionStep>
  /** Throws CONFIG with file and line. */
  sshConfigHosts(): SshConfigHost[]
  trustKey(address: string, port: number, key: HostKey): void
  forgetKeys(address: string, port: number): void
}

/** What belongs to one connected window: which host it looks at. */
export interface ClientSession {
  watch(hostId: string | null): void
}
