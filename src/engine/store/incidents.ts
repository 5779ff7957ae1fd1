// Keeps incidents and the events of their story; knows nothing of what makes one.
import { AppError } from '../../shared/errors.ts'
import type { CheckUnit, MutedBy, ProbeCause, Severity } from '../../shared/model/check.ts'
import type { Incident, IncidentQuery, TimelineItem } from '../../shared/model/incident.ts'
import type { UnitScope } from '../../shared/model/unit.ts'
import type { Db } from './database.ts'

export interface IncidentStore {
  insert(incident: Incident): void
  /** Throws NOT_FOUND. Where and when it began are not changed. */
  update(incident: Incident): void
  get(id: string): Incident | null
  /** Newest first. */
  list(query: IncidentQuery): Incident[]
  /** All that are not resolved, oldest first. */
  active(): Incident[]
  /** Those of one unit opened since, whatever check found them, oldest first. */
  ofUnit(hostId: string, unit: CheckUnit, since: number): Incident[]
  addEvent(id: string, event: TimelineItem): void
  /** Oldest first. */
  events(id: string): TimelineItem[]
  /** Forgets resolved ones opened before, some at a time; returns how many. */
  expire(before: number, limit: number): number
  /** Forgets the oldest resolved ones of each check beyond so many, some at a time; returns how many. */
  trim(kept: number, limit: number): number
}

interface Row {
  id: string
  host_id: string
  host_name: string
  check_id: string
  check_name: string
  check_type: string
  unit_scope: UnitScope | null
  unit_name: string | null
  severity: Severity
  state: Incident['state']
  title: string
  first_message: string
  last_message: string
  cause: ProbeCause | null
  opened_at: number
  started_at: number
  acknowledged_at: number | null
  acknowledged_by: string | null
  resolved_at: number | null
  muted_by: MutedBy | null
  tags: string
}

/** The newest lines of a story; one that goes on for weeks must not grow without end. */
const mostEvents = 5_000

export function createIncidentStore(db: Db): IncidentStore {
  const insert =
    db.prepare(`INSERT INTO incident VALUES (@id, @host_id, @host_name, @check_id, @check_name, @check_type,
    @unit_scope, @unit_name, @severity, @state, @title, @first_message, @last_message, @cause, @opened_at, @started_at,
    @acknowledged_at, @acknowledged_by, @resolved_at, @muted_by, @tags)`)
  const update = db.prepare(`UPDATE incident SET severity = @severity, state = @state, title = @title,
    last_message = @last_message, cause = @cause, acknowledged_at = @acknowledged_at,
    acknowledged_by = @acknowledged_by, resolved_at = @resolved_at, muted_by = @muted_by WHERE id = @id`)
  const one = db.prepare<[string], Row>('SELECT * FROM incident WHERE id = ?')
  const active = db.prepare<[], Row>("SELECT * FROM incident WHERE state <> 'resolved' ORDER BY opened_at, id")
  const ofUnit = db.prepare<[string, string, string, number], Row>(`SELECT * FROM incident
    WHERE host_id = ? AND unit_scope = ? AND unit_name = ? AND opened_at >= ? ORDER BY opened_at, id`)
  const list = db.prepare<[Record<string, unknown>], Row>(`
    SELECT * FROM incident
    WHERE (@before IS NULL OR opened_at < @before)
      AND (@since IS NULL OR opened_at >= @since)
      AND (@state = 'all' OR (@state = 'resolved') = (state = 'resolved'))
      AND (@hostId IS NULL OR host_id = @hostId)
      AND (@checkId IS NULL OR check_id = @checkId)
      AND (@severity IS NULL OR severity = @severity)
      AND (@unitName IS NULL OR (unit_name = @unitName AND unit_scope = @unitScope))
      AND (@text IS NULL OR instr(lower(concat_ws(char(10), title, host_name, check_name, unit_name, first_message,
        last_message)), lower(@text)) > 0)
    ORDER BY opened_at DESC, id DESC LIMIT @limit`)
  const addEvent = db.prepare(
    'INSERT INTO incident_event VALUES (NULL, @id, @at, @kind, @tone, @title, @detail, @actor)',
  )
  const events = db.prepare<[string, number], TimelineItem>(`SELECT at, kind, tone, title, detail, actor FROM
    (SELECT * FROM incident_event WHERE incident_id = ? ORDER BY at DESC, id DESC LIMIT ?) ORDER BY at, id`)
  const expire = db.prepare<[number, number]>(`DELETE FROM incident WHERE id IN
    (SELECT id FROM incident WHERE state = 'resolved' AND opened_at < ? LIMIT ?)`)
  const crowded = db.prepare<[number], { check_id: string }>(
    'SELECT check_id FROM incident GROUP BY check_id HAVING count(*) > ?',
  )
  const trim = db.prepare<[string, number, number]>(`DELETE FROM incident WHERE id IN
    (SELECT id FROM (SELECT id, state FROM incident WHERE check_id = ? ORDER BY opened_at DESC, id DESC LIMIT -1 OFFSET ?)
     WHERE state = 'resolved' LIMIT ?)`)
  return {
    insert: incident => {
      db.write(() => insert.run(toRow(incident)))
    },
    update: incident => {
      db.write(() => {
        const row = toRow(incident)
        const change = {
          id: row.id,
          severity: row.severity,
          state: row.state,
          title: row.title,
          last_message: row.last_message,
          cause: row.cause,
          acknowledged_at: row.acknowledged_at,
          acknowledged_by: row.acknowledged_by,
          resolved_at: row.resolved_at,
          muted_by: row.muted_by,
        }
        if (update.run(change).changes === 0) throw new AppError('NOT_FOUND', 'This incident is not known')
      })
    },
    get: id =>
      db.read(() => {
        const row = one.get(id)
        return row ? toIncident(row) : null
      }),
    list: ({ unit, ...query }) =>
      db.read(() =>
        list.all({ ...query, unitName: unit?.name ?? null, unitScope: unit?.scope ?? null }).map(toIncident),
      ),
    active: () => db.read(() => active.all().map(toIncident)),
    ofUnit: (hostId, { scope, name }, since) => db.read(() => ofUnit.all(hostId, scope, name, since).map(toIncident)),
    addEvent: (id, event) => {
      db.write(() => addEvent.run({ ...event, id }))
    },
    events: id => db.read(() => events.all(id, mostEvents)),
    expire: (before, limit) => db.write(() => expire.run(before, limit).changes),
    trim: (kept, limit) =>
      db.write(() => crowded.all(kept).reduce((sum, { check_id }) => sum + trim.run(check_id, kept, limit).changes, 0)),
  }
}

function toRow(incident: Incident): Row {
  return {
    id: incident.id,
    host_id: incident.hostId,
    host_name: incident.hostName,
    check_id: incident.checkId,
    check_name: incident.checkName,
    check_type: incident.checkType,
    unit_scope: incident.unit?.scope ?? null,
    unit_name: incident.unit?.name ?? null,
    severity: incident.severity,
    state: incident.state,
    title: incident.title,
    first_message: incident.firstMessage,
    last_message: incident.lastMessage,
    cause: incident.cause,
    opened_at: incident.openedAt,
    started_at: incident.startedAt,
    acknowledged_at: incident.acknowledgedAt,
    acknowledged_by: incident.acknowledgedBy,
    resolved_at: incident.resolvedAt,
    muted_by: incident.mutedBy,
    tags: JSON.stringify(incident.tags),
  }
}

function toIncident(row: Row): Incident {
  const { unit_scope: scope, unit_name: name } = row
  return {
    id: row.id,
    hostId: row.host_id,
    hostName: row.host_name,
    checkId: row.check_id,
    checkName: row.check_name,
    checkType: row.check_type,
    unit: scope === null || name === null ? null : { scope, name },
    severity: row.severity,
    state: row.state,
    title: row.title,
    firstMessage: row.first_message,
    lastMessage: row.last_message,
    cause: row.cause,
    openedAt: row.opened_at,
    startedAt: row.started_at,
    acknowledgedAt: row.acknowledged_at,
    acknowledgedBy: row.acknowledged_by,
    resolvedAt: row.resolved_at,
    mutedBy: row.muted_by,
    tags: JSON.parse(row.tags) as string[],
  }
}
