// Keeps the host keys that a person trusted in the app, by address and port; decides nothing about them.
import type { HostKey } from '../../shared/model/host.ts'
import type { Clock } from '../lib/clock.ts'
import type { Db } from './database.ts'

export interface HostKeyStore {
  list(address: string, port: number): HostKey[]
  add(address: string, port: number, key: HostKey): void
  /** Forgets all keys of this address and port. */
  remove(address: string, port: number): void
}

export function createHostKeyStore(db: Db, clock: Clock): HostKeyStore {
  const list = db.prepare<[string, number], HostKey>(
    'SELECT type, fingerprint, key FROM trusted_key WHERE address = lower(?) AND port = ? ORDER BY type, key',
  )
  const add = db.prepare('INSERT OR IGNORE INTO trusted_key VALUES (lower(?), ?, ?, ?, ?, ?)')
  const remove = db.prepare<[string, number]>('DELETE FROM trusted_key WHERE address = lower(?) AND port = ?')
  return {
    list: (address, port) => db.read(() => list.all(address, port)),
    add: (address, port, key) => {
      db.write(() => add.run(address, port, key.type, key.key, key.fingerprint, clock.now()))
    },
    remove: (address, port) => {
      db.write(() => remove.run(address, port))
    },
  }
}
