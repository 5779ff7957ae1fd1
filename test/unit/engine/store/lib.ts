// What tests of the store share: a directory that goes away, and a store in it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { createLogger } from '../../../../src/engine/lib/log.ts'
import { openStore, type Store } from '../../../../src/engine/store/store.ts'
import type { AuditEntry } from '../../../../src/shared/model/audit.ts'
import type { HostDraft } from '../../../../src/shared/model/host.ts'

export interface Workplace {
  readonly directory: string
  readonly clock: ManualClock
  readonly lines: string[]
  /** Opens a store that is closed with the workplace, if not before. */
  open(): Store
  dispose(): void
}

/** 2026-01-01, well into the range of real times. */
export const start = Date.UTC(2026, 0, 1)

export function createWorkplace(options: { directory?: string; now?: number } = {}): Workplace {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'quarterdeck-store-'))
  const clock = new ManualClock(options.now ?? start)
  const lines: string[] = []
  const log = createLogger({ sink: line => lines.push(line), now: () => clock.now(), level: 'debug' })
  const stores: Store[] = []
  return {
    directory,
    clock,
    lines,
    open() {
      const store = openStore({ directory, clock, log })
      stores.push(store)
      return store
    },
    dispose() {
      for (const store of stores) store.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export function draft(change: Partial<HostDraft> = {}): HostDraft {
  return {
    name: 'bots',
    address: 'bots.example.org',
    port: 22,
    user: 'deploy',
    auth: { kind: 'key', path: '/home/me/.ssh/id_ed25519' },
    sudo: 'none',
    jump: null,
    userUnits: true,
    ...change,
  }
}

export function auditEntry(at: number, change: Partial<AuditEntry> = {}): Omit<AuditEntry, 'id'> {
  return {
    at,
    finishedAt: null,
    actor: 'person',
    verb: 'unit.restart',
    hostId: 'a',
    target: 'bot.service',
    command: `systemctl restart ${'x'.repeat(80)}`,
    outcome: 'verified',
    detail: null,
    actionRunId: null,
    ...change,
  }
}
