// Keeps logins and their renewals; never sees a cookie's value, and decides nothing.

import type { CheckUnit } from '../../shared/model/check.ts'
import { type Login, LoginDraft, RenewalRun } from '../../shared/model/login.ts'
import type { Db } from './database.ts'
import { removeFieldSecrets } from './field-secrets.ts'

/** A unit that was stopped because its login is expired, and whether it started at boot before. */
export interface Deactivated extends CheckUnit {
  readonly wasEnabled: boolean
  /** The run that was to be stopped. */
  readonly invocationId: string | null
  /** Wall ms: when that was decided, and when it was seen to be done; null until then. */
  readonly askedAt: number
  readonly stoppedAt: number | null
  /** Where the story of it is told; it may be over by the time that the unit is started again. */
  readonly incidentId: string | null
}

export interface StoredLogin {
  readonly login: Login
  /** Of what the app last wrote. */
  readonly pushedSha256: string | null
  readonly pushedAt: number | null
  readonly deactivated: readonly Deactivated[] | null
  /** From when its kept session's next visit is counted. */
  readonly refreshedAt: number | null
  /** The newest visit, and why it brought nothing; `problem` is shown as it is. */
  readonly visit: { readonly at: number; readonly problem: string | null } | null
}

/** A renewal with what is needed to find out, after a kill, what became of it. */
export interface StoredRenewal extends RenewalRun {
  readonly oldSha256: string | null
  readonly newSha256: string | null
  readonly actor: string
  /** `scope/name` of the consumers that ran before. */
  readonly up: readonly string[]
}

export interface LoginStore {
  list(): StoredLogin[]
  get(id: string): StoredLogin | null
  insert(login: Login): void
  update(id: string, draft: LoginDraft): void
  /** With what the vault keeps of it; its renewals stay as history. */
  remove(id: string): void
  setPushed(id: string, sha256: string | null, at: number): void
  setDeactivated(id: string, units: readonly Deactivated[] | null): void
  setRefreshed(id: string, at: number): void
  setVisit(id: string, visit: NonNullable<StoredLogin['visit']>): void
  insertRun(run: StoredRenewal): void
  updateRun(run: StoredRenewal): void
  /** Newest first. */
  runs(loginId: string, limit: number): StoredRenewal[]
  /** Under way when the engine ended, oldest first. */
  unfinishedRuns(): StoredRenewal[]
}

/** Where the vault keeps what the app last wrote. */
export const pushedJarId = (loginId: string): string => `login/${loginId}/jar`

interface Row {
  id: string
  draft: string
  check_id: string
  created_at: number
  pushed_sha256: string | null
  pushed_at: number | null
  deactivated: string | null
  refreshed_at: number | null
  visit: string | null
}

export function createLoginStore(db: Db): LoginStore {
  const list = db.prepare<[], Row>('SELECT * FROM login ORDER BY created_at')
  const get = db.prepare<[string], Row>('SELECT * FROM login WHERE id = ?')
  const insert = db.prepare<[string, string, string, string, number]>(
    'INSERT INTO login (id, host_id, draft, check_id, created_at) VALUES (?, ?, ?, ?, ?)',
  )
  const update = db.prepare<[string, string]>('UPDATE login SET draft = ? WHERE id = ?')
  const remove = db.prepare<[string]>('DELETE FROM login WHERE id = ?')
  const removeSecrets = db.prepare<[string, string]>(removeFieldSecrets)
  const pushed = db.prepare<[string | null, number, string]>(
    'UPDATE login SET pushed_sha256 = ?, pushed_at = ? WHERE id = ?',
  )
  const deactivated = db.prepare<[string | null, string]>('UPDATE login SET deactivated = ? WHERE id = ?')
  const refreshed = db.prepare<[number, string]>('UPDATE login SET refreshed_at = ? WHERE id = ?')
  const visit = db.prepare<[string, string]>('UPDATE login SET visit = ? WHERE id = ?')
  const insertRun = db.prepare<[string, string, number, number | null, string, string]>(
    'INSERT INTO renewal_run VALUES (?, ?, ?, ?, ?, ?)',
  )
  const updateRun = db.prepare<[number | null, string, string, string]>(
    'UPDATE renewal_run SET finished_at = ?, outcome = ?, run = ? WHERE id = ?',
  )
  const runs = db.prepare<[string, number], { run: string }>(
    'SELECT run FROM renewal_run WHERE login_id = ? ORDER BY started_at DESC LIMIT ?',
  )
  const unfinished = db.prepare<[], { run: string }>(
    'SELECT run FROM renewal_run WHERE finished_at IS NULL ORDER BY started_at',
  )
  const runOf = ({ run }: { run: string }): StoredRenewal => JSON.parse(run) as StoredRenewal
  return {
    list: () => db.read(() => list.all().map(fromRow)),
    get: id =>
      db.read(() => {
        const row = get.get(id)
        return row ? fromRow(row) : null
      }),
    insert: ({ id, checkId, createdAt, ...draft }) => {
      db.write(() => insert.run(id, draft.hostId, JSON.stringify(draft), checkId, createdAt))
    },
    update: (id, draft) => {
      db.write(() => update.run(JSON.stringify(draft), id))
    },
    remove: id => {
      db.write(() => {
        remove.run(id)
        removeSecrets.run(`login/${id}`, `login/${id}`)
      })
    },
    setPushed: (id, sha256, at) => {
      db.write(() => pushed.run(sha256, at, id))
    },
    setDeactivated: (id, units) => {
      db.write(() => deactivated.run(units === null ? null : JSON.stringify(units), id))
    },
    setRefreshed: (id, at) => {
      db.write(() => refreshed.run(at, id))
    },
    setVisit: (id, made) => {
      db.write(() => visit.run(JSON.stringify(made), id))
    },
    insertRun: run => {
      db.write(() =>
        insertRun.run(run.id, run.loginId, run.startedAt, run.finishedAt, run.outcome, JSON.stringify(run)),
      )
    },
    updateRun: run => {
      db.write(() => updateRun.run(run.finishedAt, run.outcome, JSON.stringify(run), run.id))
    },
    runs: (loginId, limit) => db.read(() => runs.all(loginId, limit).map(runOf)),
    unfinishedRuns: () => db.read(() => unfinished.all().map(runOf)),
  }
}

/** As it crosses to a window. */
export function renewalOf(run: StoredRenewal): RenewalRun {
  return RenewalRun.parse(run)
}

function fromRow(row: Row): StoredLogin {
  const draft = LoginDraft.parse(JSON.parse(row.draft))
  return {
    login: { ...draft, id: row.id, checkId: row.check_id, createdAt: row.created_at },
    pushedSha256: row.pushed_sha256,
    pushedAt: row.pushed_at,
    deactivated: row.deactivated === null ? null : (JSON.parse(row.deactivated) as Deactivated[]),
    refreshedAt: row.refreshed_at,
    visit: row.visit === null ? null : (JSON.parse(row.visit) as StoredLogin['visit']),
  }
}
