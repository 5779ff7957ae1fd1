// Keeps channels and what each remembers over restarts; knows no kind of channel and sends nothing.
import { AppError } from '../../shared/errors.ts'
import type { Channel, ChannelDraft } from '../../shared/model/channel.ts'
import type { Db } from './database.ts'
import { removeFieldSecrets, storedFields } from './field-secrets.ts'

export interface ChannelState {
  get(name: string): string | null
  set(name: string, value: string): void
}

export interface ChannelStore {
  /** In the order in which they were added. */
  list(): Channel[]
  get(id: string): Channel | null
  /** Throws CONFLICT where the id is taken. */
  insert(channel: Omit<Channel, 'stored'>): void
  /** Throws NOT_FOUND. */
  update(id: string, draft: ChannelDraft): void
  /** Forgets it with its secrets, its state and all messages. Throws NOT_FOUND. */
  remove(id: string): void
  /** What the channel remembers, e.g. how far Telegram's updates were read. */
  state(channelId: string): ChannelState
}

interface Row {
  id: string
  type: string
  name: string
  spec: string
  enabled: number
  filter: string
  quiet_hours: string | null
  created_at: number
  stored: string
}

export function createChannelStore(db: Db): ChannelStore {
  const select = `SELECT *, ${storedFields('channel', 'channel')} AS stored FROM channel`
  const all = db.prepare<[], Row>(`${select} ORDER BY created_at, rowid`)
  const one = db.prepare<[string], Row>(`${select} WHERE id = ?`)
  const insert = db.prepare(
    'INSERT INTO channel VALUES (@id, @type, @name, @spec, @enabled, @filter, @quiet_hours, @created_at)',
  )
  const update = db.prepare(`UPDATE channel SET type = @type, name = @name, spec = @spec, enabled = @enabled,
    filter = @filter, quiet_hours = @quiet_hours WHERE id = @id`)
  const remove = db.prepare<[string]>('DELETE FROM channel WHERE id = ?')
  const removeSecrets = db.prepare<[string, string]>(removeFieldSecrets)
  const getState = db.prepare<[string, string], { value: string }>(
    'SELECT value FROM channel_state WHERE channel_id = ? AND name = ?',
  )
  const setState = db.prepare<[string, string, string]>('INSERT OR REPLACE INTO channel_state VALUES (?, ?, ?)')
  const gone = (): AppError => new AppError('NOT_FOUND', 'This channel is not there any more')

  return {
    list: () => db.read(() => all.all().map(toChannel)),
    get: id =>
      db.read(() => {
        const row = one.get(id)
        return row ? toChannel(row) : null
      }),
    insert: channel => {
      db.write(() => {
        if (one.get(channel.id)) throw new AppError('CONFLICT', 'There is already a channel with this id')
        insert.run({ ...columns(channel), id: channel.id, created_at: channel.createdAt })
      })
    },
    update: (id, draft) => {
      db.write(() => {
        if (update.run({ ...columns(draft), id }).changes === 0) throw gone()
      })
    },
    remove: id => {
      db.write(() => {
        if (remove.run(id).changes === 0) throw gone()
        removeSecrets.run(`channel/${id}`, `channel/${id}`)
      })
    },
    state: channelId => ({
      get: name => db.read(() => getState.get(channelId, name)?.value ?? null),
      set: (name, value) => {
        db.write(() => setState.run(channelId, name, value))
      },
    }),
  }
}

function columns(draft: ChannelDraft) {
  return {
    type: draft.type,
    name: draft.name,
    spec: JSON.stringify(draft.spec),
    enabled: draft.enabled ? 1 : 0,
    filter: JSON.stringify(draft.filter),
    quiet_hours: draft.quietHours === null ? null : JSON.stringify(draft.quietHours),
  }
}

function toChannel(row: Row): Channel {
  return {
    id: row.id,
    type: row.type,
    name: row.name,
    spec: JSON.parse(row.spec) as Channel['spec'],
    enabled: row.enabled === 1,
    filter: JSON.parse(row.filter) as Channel['filter'],
    quietHours: row.quiet_hours === null ? null : (JSON.parse(row.quiet_hours) as Channel['quietHours']),
    createdAt: row.created_at,
    stored: JSON.parse(row.stored) as string[],
  }
}
