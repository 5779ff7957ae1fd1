// Opens the data directory and hands out its repositories; the only door to better-sqlite3. Knows no host and no screen.
import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { type ActionRunStore, createActionRunStore } from './action-runs.ts'
import { type AlertStore, createAlertStore } from './alerts.ts'
import { type AuditStore, createAuditStore } from './audit.ts'
import { type BackupStore, createBackupStore } from './backups.ts'
import { type BreakerStore, createBreakerStore } from './breakers.ts'
import { type ChannelStore, createChannelStore } from './channels.ts'
import { type CheckStore, createCheckStore } from './checks.ts'
import { type Db, type OpenedDatabase, openDatabase } from './database.ts'
import { createDropInStore, type DropInStore } from './drop-ins.ts'
import { createErrorCountStore, type ErrorCountStore } from './error-counts.ts'
import { createGapStore, type GapStore } from './gaps.ts'
import { createHealth, type StoreProblem } from './health.ts'
import { createHostKeyStore, type HostKeyStore } from './host-keys.ts'
import { createHostStore, type HostStore } from './hosts.ts'
import { createIncidentStore, type IncidentStore } from './incidents.ts'
import { lockDirectory } from './lock.ts'
import { createLoginStore, type LoginStore } from './logins.ts'
import { createMaintenanceStore, type MaintenanceStore } from './maintenance.ts'
import { configurationMigrations, historyMigrations } from './migrations/index.ts'
import { createOutboxStore, type OutboxStore } from './outbox.ts'
import { createOwnCopies, type OwnCopies, putBackNewestCopy, takeIncoming } from './own-copies.ts'
import { createProbeSpanStore, type ProbeSpanStore } from './probe-spans.ts'
import { createRecoveryStore, type RecoveryStore } from './recovery.ts'
import { createSampleStore, type SampleStore } from './samples/samples.ts'
import { createSecretStore, createVaultMetaStore, type SecretStore, type VaultMetaStore } from './secrets.ts'
import { createSettingsStore, type SettingsStore } from './settings.ts'
import { createSilenceStore, type SilenceStore } from './silences.ts'
import { createUnitStore, type UnitStore } from './units.ts'

export interface Store {
  readonly directory: string
  readonly hosts: HostStore
  readonly hostKeys: HostKeyStore
  readonly secrets: SecretStore
  readonly vaultMeta: VaultMetaStore
  readonly settings: SettingsStore
  readonly actionRuns: ActionRunStore
  readonly audit: AuditStore
  readonly logins: LoginStore
  readonly backups: BackupStore
  readonly maintenance: MaintenanceStore
  readonly units: UnitStore
  readonly samples: SampleStore
  readonly gaps: GapStore
  readonly checks: CheckStore
  readonly alerts: AlertStore
  readonly incidents: IncidentStore
  readonly silences: SilenceStore
  readonly channels: ChannelStore
  readonly outbox: OutboxStore
  readonly probeSpans: ProbeSpanStore
  readonly recovery: RecoveryStore
  readonly dropIns: DropInStore
  readonly errorCounts: ErrorCountStore
  readonly breakers: BreakerStore
  /** Where damaged databases were put at this opening, or null. */
  readonly setAside: string | null
  /** The copy that a damaged configuration was put back from at this opening. */
  readonly restored: string | null
  readonly ownCopies: OwnCopies
  /** Set while the disk takes no writes, or damage was met. Configuration writes throw meanwhile; samples wait in memory. */
  readonly problem: StoreProblem | null
  onProblem(listener: (problem: StoreProblem | null) => void): Disposable
  /** Several configuration writes as one: all or none. */
  transaction<T>(work: () => T): T
  /** Compacts, rolls up and expires in the background, in slices that never block for long, until disposed. */
  startMaintenance(): Disposable
  /** Size on disk, logs included. */
  bytes(): number
  /** Checkpoints and closes; idempotent. */
  close(): void
}

/**
 * Opens (or makes) the data directory. Throws CONFLICT while another engine uses it and DATABASE_NEWER, with nothing changed, where
 * a newer app wrote it. Damaged databases are set aside, see `setAside`.
 */
export function openStore(options: { directory: string; clock: Clock; log: Logger }): Store {
  const { directory, clock } = options
  const log = options.log.child('store')
  const opened = new DisposableBag()
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  chmodSync(directory, 0o700)

  const dbs: Db[] = []
  const health = opened.add(
    createHealth({
      clock,
      log,
      retrySeconds: 5,
      retry: () => dbs.every(takesWrites) && samples.flush() && probeSpans.flush(),
    }),
  )
  const open = (
    name: string,
    settings: Pick<Parameters<typeof openDatabase>[0], 'synchronous' | 'checkAlways' | 'migrations' | 'putBack'>,
  ): OpenedDatabase => {
    const database = openDatabase({ path: join(directory, name), health, clock, log, ...settings })
    opened.add({ dispose: () => database.close() })
    dbs.push(database.db)
    return database
  }

  let configuration: OpenedDatabase
  let history: OpenedDatabase
  try {
    // Added first, so that it is released last.
    opened.add(lockDirectory(directory))
    const replaced = takeIncoming(directory, clock.now())
    if (replaced !== null) log.info('another database taken over', { before: replaced })
    configuration = open('quarterdeck.db', {
      synchronous: 'FULL',
      checkAlways: true,
      migrations: configurationMigrations,
      putBack: () => putBackNewestCopy(directory, configurationMigrations),
    })
    history = open('history.db', { synchronous: 'NORMAL', checkAlways: false, migrations: historyMigrations })
  } catch (error) {
    opened.dispose()
    throw error
  }

  const settings = createSettingsStore(configuration.db, log)
  const samples = createSampleStore({ db: history.db, clock, log, settings })
  const units = createUnitStore(history.db)
  const gaps = createGapStore(history.db)
  const probeSpans = createProbeSpanStore(history.db, clock, log)
  const moved = [configuration.setAside, history.setAside].filter(path => path !== null)
  return {
    directory,
    settings,
    samples,
    units,
    hosts: createHostStore(configuration.db, (hostId, checkIds) => {
      for (const checkId of checkIds) probeSpans.forget(checkId)
      units.forget(hostId)
      gaps.forget(hostId)
      samples.forget(hostId)
    }),
    hostKeys: createHostKeyStore(configuration.db, clock),
    secrets: createSecretStore(configuration.db),
    vaultMeta: createVaultMetaStore(configuration.db),
    actionRuns: createActionRunStore(configuration.db),
    logins: createLoginStore(configuration.db),
    backups: createBackupStore(configuration.db),
    maintenance: createMaintenanceStore(configuration.db),
    audit: createAuditStore(configuration.db),
    gaps,
    checks: createCheckStore(configuration.db, checkId => probeSpans.forget(checkId)),
    alerts: createAlertStore(configuration.db),
    incidents: createIncidentStore(configuration.db),
    silences: createSilenceStore(configuration.db),
    channels: createChannelStore(configuration.db),
    outbox: createOutboxStore(configuration.db),
    probeSpans,
    recovery: createRecoveryStore(configuration.db),
    dropIns: createDropInStore(configuration.db),
    errorCounts: createErrorCountStore(configuration.db),
    breakers: createBreakerStore(configuration.db),
    setAside: moved.length > 0 ? moved.join(', ') : null,
    restored: configuration.restored,
    ownCopies: createOwnCopies({
      directory,
      db: configuration.db.raw,
      migrations: configurationMigrations,
      now: () => clock.now(),
    }),
    get problem() {
      return health.problem
    },
    onProblem: listener => health.onProblem(listener),
    transaction: work => configuration.db.write(work),
    startMaintenance: () => samples.startMaintenance(),
    bytes: () =>
      ['quarterdeck.db', 'history.db']
        .flatMap(name => [name, `${name}-wal`])
        .reduce((sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0), 0),
    close() {
      if (opened.disposed) return
      samples.flush()
      probeSpans.close()
      opened.dispose()
    },
  }
}

/** Writes and removes something large enough that a full disk cannot hide it in a free page. */
function takesWrites(db: Db): boolean {
  try {
    db.write(() => db.raw.exec('INSERT OR REPLACE INTO probe VALUES (1, zeroblob(65536))'))
    db.write(() => db.raw.exec('DELETE FROM probe'))
    return true
  } catch {
    return false
  }
}
