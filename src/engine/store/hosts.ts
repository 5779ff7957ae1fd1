// Keeps configured hosts and the units pinned on them; knows nothing of connections.
import { AppError } from '../../shared/errors.ts'
import { type Host, HostAuth, type HostDraft, SudoMode } from '../../shared/model/host.ts'
import type { UnitRef, UnitScope } from '../../shared/model/unit.ts'
import type { Db } from './database.ts'

export type NewHost = HostDraft & Pick<Host, 'id' | 'kind' | 'createdAt'>

export interface HostStore {
  /** In the order in which they were added. */
  list(): Host[]
  get(id: string): Host | null
  /** Throws CONFLICT where the id is taken, NOT_FOUND where the jump host is not there. */
  insert(host: NewHost): Host
  /** Throws NOT_FOUND. */
  update(id: string, draft: HostDraft): Host
  /** Forgets the host with its secrets, pins, checks, trusted keys and history. Throws CONFLICT while another host jumps through it. */
  remove(id: string): void
  pins(hostId: string): { scope: UnitScope; name: string }[]
  setPinned(ref: UnitRef, pinned: boolean): void
}

interface Row {
  id: string
  kind: 'ssh' | 'local'
  name: string
  address: string
  port: number
  user: string
  auth: string
  sudo: string
  jump: string | null
  user_units: number
  created_at: number
  password: number
  passphrase: number
  sudo_password: number
}

const holds = (kind: string): string =>
  `EXISTS (SELECT 1 FROM secret WHERE record_id = 'host/' || host.id || '/${kind}')`

/** `forgetHistory` removes what history.db holds of a host and of the checks that went with it. */
export function createHostStore(
  db: Db,
  forgetHistory: (hostId: string, checkIds: readonly string[]) => void,
): HostStore {
  const select = `SELECT *, ${holds('password')} AS password, ${holds('passphrase')} AS passphrase,
    ${holds('sudoPassword')} AS sudo_password FROM host`
  const all = db.prepare<[], Row>(`${select} ORDER BY created_at, id`)
  const one = db.prepare<[string], Row>(`${select} WHERE id = ?`)
  const insert = db.prepare(`INSERT INTO host VALUES (@id, @kind, @name, @address, @port, @user, @auth, @sudo, @jump,
    @user_units, @created_at)`)
  const update = db.prepare(`UPDATE host SET name = @name, address = @address, port = @port, user = @user, auth = @auth,
    sudo = @sudo, jump = @jump, user_units = @user_units WHERE id = @id`)
  const remove = db.prepare<[string]>('DELETE FROM host WHERE id = ?')
  const jumpers = db.prepare<[string], { name: string }>('SELECT name FROM host WHERE jump = ?')
  const removeSecrets = db.prepare<[string]>('DELETE FROM secret WHERE instr(record_id, ?) = 1')
  const checks = db.prepare<[string], { id: string }>('SELECT id FROM check_definition WHERE host_id = ?')
  const undepend = db.prepare(`UPDATE check_definition SET depends_on = (SELECT json_group_array(value)
    FROM json_each(depends_on) WHERE value IN (SELECT id FROM check_definition))
    WHERE EXISTS (SELECT 1 FROM json_each(depends_on) WHERE value NOT IN (SELECT id FROM check_definition))`)
  const removeKeys = db.prepare<
    [string, number, string, number]
  >(`DELETE FROM trusted_key WHERE address = lower(?) AND port = ?
    AND NOT EXISTS (SELECT 1 FROM host WHERE lower(host.address) = lower(?) AND host.port = ?)`)
  const pins = db.prepare<[string], { scope: UnitScope; name: string }>(
    'SELECT scope, name FROM pin WHERE host_id = ? ORDER BY scope, name',
  )
  const pin = db.prepare<[string, string, string]>('INSERT OR IGNORE INTO pin VALUES (?, ?, ?)')
  const unpin = db.prepare<[string, string, string]>('DELETE FROM pin WHERE host_id = ? AND scope = ? AND name = ?')

  const columns = (draft: HostDraft) => ({
    name: draft.name,
    address: draft.address,
    port: draft.port,
    user: draft.user,
    auth: JSON.stringify(draft.auth),
    sudo: draft.sudo,
    jump: draft.jump,
    user_units: draft.userUnits ? 1 : 0,
  })
  function get(id: string): Host | null {
    const row = one.get(id)
    return row ? toHost(row) : null
  }
  function existing(id: string): Host {
    const host = get(id)
    if (!host) throw new AppError('NOT_FOUND', 'This host is not configured', { detail: { hostId: id } })
    return host
  }
  function checkJump(draft: HostDraft, id: string): void {
    // Walked to its end, so that hosts cannot jump in a circle.
    for (let next = draft.jump; next !== null; next = existing(next).jump)
      if (next === id) throw new AppError('INVALID_INPUT', 'A host cannot be reached through itself')
  }

  return {
    list: () => db.read(() => all.all().map(toHost)),
    get: id => db.read(() => get(id)),
    insert: host =>
      db.write(() => {
        if (get(host.id)) throw new AppError('CONFLICT', 'There is already a host with this id')
        checkJump(host, host.id)
        insert.run({ ...columns(host), id: host.id, kind: host.kind, created_at: host.createdAt })
        return existing(host.id)
      }),
    update: (id, draft) =>
      db.write(() => {
        existing(id)
        checkJump(draft, id)
        update.run({ ...columns(draft), id })
        return existing(id)
      }),
    remove(id) {
      const checkIds = db.write(() => {
        const host = existing(id)
        const through = jumpers.all(id).map(row => row.name)
        if (through.length > 0)
          throw new AppError('CONFLICT', `${host.name} is the jump host of ${through.join(', ')}`, {
            hint: 'Change how those are reached first.',
          })
        const ids = checks.all(id).map(row => row.id)
        remove.run(id)
        undepend.run()
        for (const record of [`host/${id}/`, `recovery/${id}/`, ...ids.map(check => `check/${check}/`)])
          removeSecrets.run(record)
        removeKeys.run(host.address, host.port, host.address, host.port)
        return ids
      })
      forgetHistory(id, checkIds)
    },
    pins: hostId => db.read(() => pins.all(hostId)),
    setPinned: (ref, pinned) =>
      db.write(() => {
        existing(ref.hostId)
        ;(pinned ? pin : unpin).run(ref.hostId, ref.scope, ref.name)
      }),
  }
}

function toHost(row: Row): Host {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    address: row.address,
    port: row.port,
    user: row.user,
    auth: HostAuth.parse(JSON.parse(row.auth)),
    sudo: SudoMode.parse(row.sudo),
    jump: row.jump,
    userUnits: row.user_units === 1,
    createdAt: row.created_at,
    stored: {
      password: row.password === 1,
      passphrase: row.passphrase === 1,
      sudoPassword: row.sudo_password === 1,
    },
  }
}
