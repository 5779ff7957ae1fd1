// Puts together all that makes, keeps, proves and restores backups: who knows whom, and nothing else.
import { join } from 'node:path'
import type { BackupSourceType } from '../backups/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { DisposableBag } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Link, SqliteFiles } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { TargetType } from '../targets/index.ts'
import type { Actions } from './actions.ts'
import type { AuditLog } from './audit-log.ts'
import { BackupRunner } from './backup-runner.ts'
import { BackupSchedules } from './backup-schedules.ts'
import { Sealing } from './backup-sealing.ts'
import type { Checks } from './checks.ts'
import type { CircuitBreakers } from './circuit-breaker.ts'
import { DrillRunner } from './drill-runner.ts'
import type { HostSession } from './host-session.ts'
import type { HostTurns } from './host-turns.ts'
import type { Prober } from './prober.ts'
import type { Publish } from './publish.ts'
import { RestoreRunner } from './restore-runner.ts'
import { SnapshotItems } from './snapshot-items.ts'
import { Snapshots } from './snapshots.ts'
import { SourceAccess } from './source-access.ts'
import { Targets } from './targets.ts'
import type { Vault } from './vault.ts'

export interface BackupsOptions {
  store: Store
  vault: Vault
  checks: Pick<Checks, 'putOwned' | 'removeOwned'>
  prober: Pick<Prober, 'check' | 'record'>
  breakers: CircuitBreakers
  actions: Pick<Actions, 'run' | 'get' | 'under'>
  audit: AuditLog
  /** Null while a host has no session. */
  session: (hostId: string) => HostSession | null
  sqlite: SqliteFiles
  onMains: () => Promise<boolean | null>
  /** Names of the network on which this computer is; empty where nothing can be told. */
  networks: () => Promise<string[]>
  version: string
  clock: Clock
  log: Logger
  publish: Publish
  sourceOf?: (type: string) => BackupSourceType | undefined
  targetOf?: (type: string) => TargetType | undefined
}

export type BackupParts = ReturnType<typeof backupParts>

/** What runs by itself goes with the bag. `onChange`: how a backup stands may be otherwise now. */
export function backupParts(
  options: BackupsOptions,
  turns: HostTurns,
  bag: DisposableBag,
  onChange: (backupId: string) => void,
) {
  const { store, vault, session, clock, log, publish, audit, breakers, actions, prober, version } = options
  const sources = new SourceAccess({
    ...{ session, vault, sqlite: options.sqlite, clock, scratchFolder: join(store.directory, 'scratch') },
    ...(options.sourceOf ? { typeOf: options.sourceOf } : {}),
  })
  const link = async (hostId: string): Promise<Link> => sources.session(hostId).link
  const targets = new Targets({
    ...{ store, vault, link, defaultFolder: join(store.directory, 'backups'), clock, log, publish },
    ...(options.targetOf ? { typeOf: options.targetOf } : {}),
  })
  const sealing = new Sealing({ vault, backups: store.backups })
  const snapshots = new Snapshots({ store, targets, clock, log, publish, sealing, onChange })
  const both = { store, sources, snapshots, targets, clock, log, publish, audit, turns, onChange }
  const runner = bag.add(new BackupRunner({ ...both, breakers, version, sealing }))
  const drills = bag.add(new DrillRunner(both))
  const restores = bag.add(new RestoreRunner({ ...both, actions, runner }))
  const schedules = bag.add(
    new BackupSchedules({
      ...{ store, runner, drills, snapshots, prober, breakers, clock, log },
      ...{ onMains: options.onMains, networks: options.networks, onChange },
    }),
  )
  return { sources, sealing, targets, snapshots, runner, drills, restores, items: new SnapshotItems(both), schedules }
}
