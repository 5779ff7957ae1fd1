// Opens the parts of one restore: each one's source on the host, and what the snapshot holds of it. Knows no step.
import type { Snapshot, SnapshotPart } from '../../shared/model/snapshot.ts'
import type { Artefact } from '../backups/index.ts'
import type { RestorePlanParts } from './restore-plan.ts'
import type { RestoreRecord } from './restore-record.ts'
import type { OpenSource } from './source-access.ts'

export class RestoreAccess {
  readonly #record: RestoreRecord
  readonly #signal: AbortSignal
  readonly #options: RestorePlanParts

  /** `signal` ends what reads the snapshot. */
  constructor(record: RestoreRecord, signal: AbortSignal, options: RestorePlanParts) {
    this.#record = record
    this.#signal = signal
    this.#options = options
  }

  async artefacts(snapshot: Snapshot, work: (artefact: Artefact, source: OpenSource) => Promise<void>): Promise<void> {
    const { targets, snapshots } = this.#options
    const open = await targets.open(snapshot.targetId, this.#signal)
    try {
      const keys = this.#record.run.parts.map(({ key }) => key)
      for (const artefact of await snapshots.artefacts(snapshot, open, keys))
        await this.use(artefact.part, this.#signal, source => work(artefact, source))
    } finally {
      await open.dispose().catch(() => {})
    }
  }

  use<T>(part: SnapshotPart, signal: AbortSignal, work: (open: OpenSource) => Promise<T>): Promise<T> {
    const { hostId, backupId } = this.#record.run
    return this.#options.sources.use(part, { hostId, backupId, signal }, work)
  }

  /** The same without its host. */
  kindOf(part: SnapshotPart): Omit<OpenSource, 'context'> {
    return this.#options.sources.kindOf(part)
  }
}
