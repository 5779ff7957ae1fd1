// Reconstructs what became of units from the service manager's own journal entries (R13); pure, says nothing that the entries do not.
import { UnitName, type UnitScope, type UnitTransition } from '../../shared/model/unit.ts'

/** systemd's catalogue ids of the messages that tell of a unit's life; the same since version 219, `success` since 240. */
export const lifeMessages = {
  starting: '7d4958e842da4a758f6c1cdc7b36dcc5',
  started: '39f53479d3a045ac8e11786248231fbf',
  startFailed: 'be02cf6855d2428ba40df7e9d022f03d',
  stopping: 'de5b426a63be47a7b6ac3eaac82e2f6f',
  stopped: '9d1aaa27d60140bd96365438aad20286',
  failed: 'd9b373ed55a64feb8242e02dbe79a49c',
  succeeded: '7ad2d189f7e94e70a38c781354912448',
  restartScheduled: '5eb03494b6584870a536b337290809b3',
  reloading: 'd34d037fff1847e6ae669a370e694725',
  reloaded: '7b05ebc668384222baa8881179cfda54',
} as const
type LifeMessage = keyof typeof lifeMessages
const messageOf = new Map(Object.entries(lifeMessages).map(([name, id]) => [id as string, name as LifeMessage]))

/** The fields to ask for, in the order of `toLifeEvent`'s values. */
export const lifeFields = [
  '__REALTIME_TIMESTAMP',
  'MESSAGE_ID',
  'UNIT',
  'USER_UNIT',
  'UNIT_RESULT',
  'JOB_RESULT',
  'N_RESTARTS',
  'INVOCATION_ID',
  'USER_INVOCATION_ID',
  'MESSAGE',
] as const

/** One such entry. */
export interface LifeEvent {
  readonly at: number
  readonly unit: string
  readonly message: LifeMessage
  readonly result: string | null
  readonly job: string | null
  readonly restarts: number | null
  readonly invocationId: string | null
  /** Said of a one-shot that did its work, where others have "started". */
  readonly finished: boolean
}

/** What an exported entry tells, or null where it is about something else. */
export function toLifeEvent(values: readonly (string | undefined)[]): LifeEvent | null {
  const [time, id, unit, userUnit, result, job, restarts, invocation, userInvocation, text] = values
  const message = messageOf.get(id ?? '')
  const name = unit ?? userUnit
  const at = Number(time) / 1000
  if (message === undefined || name === undefined || !Number.isFinite(at)) return null
  // what systemd itself would not allow as a name is a hostile host's
  if (!name.endsWith('.service') || !UnitName.safeParse(name).success) return null
  const count = Number(restarts)
  return {
    at,
    unit: name,
    message,
    result: result?.slice(0, 64) ?? null,
    job: job?.slice(0, 64) ?? null,
    restarts: restarts !== undefined && Number.isSafeInteger(count) && count >= 0 ? count : null,
    invocationId: /^[0-9a-f]{32}$/.exec(invocation ?? userInvocation ?? '')?.[0] ?? null,
    finished: text?.startsWith('Finished ') ?? false,
  }
}

interface Life {
  last: UnitTransition | null
  /** Between "starting" and "started". */
  starting: boolean
  /** It ended while starting, as a one-shot does: the "finished" that follows is no news. */
  ended: boolean
  restarts: number | null
  result: string | null
}

/**
 * The transitions that a list of entries, in order of time, tells of. What is not told stays out: where an auto-restart follows a failure,
 * the unit never was failed but waited for it, as it would have been seen live.
 */
export function unitTransitionsFromJournal(
  hostId: string,
  scope: UnitScope,
  events: readonly LifeEvent[],
): UnitTransition[] {
  const lives = new Map<string, Life>()
  const transitions: UnitTransition[] = []
  for (const event of events) {
    let life = lives.get(event.unit)
    if (!life) {
      life = { last: null, starting: false, ended: false, restarts: null, result: null }
      lives.set(event.unit, life)
    }
    if (event.restarts !== null) life.restarts = event.restarts
    const state = stateAfter(event, life)
    if (state === null) continue
    const [toState, subState] = state
    const { last } = life
    if (last && last.toState === toState && last.subState === subState) continue
    life.last = {
      hostId,
      scope,
      name: event.unit,
      at: event.at,
      fromState: last?.toState ?? null,
      toState,
      subState,
      result: life.result,
      mainPid: null,
      restarts: life.restarts,
      invocationId: event.invocationId ?? (toState === 'inactive' ? null : (last?.invocationId ?? null)),
      reconstructed: true,
      // only a job makes systemd say that it stops a unit
      ...(last?.toState === 'deactivating' && (toState === 'failed' || toState === 'inactive') ? { asked: true } : {}),
    }
    transitions.push(life.last)
  }
  return transitions
}

function stateAfter(event: LifeEvent, life: Life): readonly [string, string] | null {
  const down = life.last?.toState === 'failed' || life.last?.toState === 'inactive'
  switch (event.message) {
    case 'starting':
      life.starting = true
      life.ended = false
      life.result = null
      return ['activating', 'start']
    case 'started': {
      if (event.job !== null && event.job !== 'done') return null
      const over = life.starting && life.ended
      life.starting = false
      if (over) return null
      life.result = 'success'
      return ['active', event.finished ? 'exited' : 'running']
    }
    case 'stopping':
      return ['deactivating', 'stop-sigterm']
    case 'failed':
      life.ended = true
      life.result = event.result ?? 'failed'
      return ['failed', 'failed']
    case 'succeeded':
      life.ended = true
      life.result = 'success'
      return ['inactive', 'dead']
    case 'stopped':
      // also said when a scheduled restart begins, and after a failure: neither changes the state
      if (down || life.last?.subState === 'auto-restart') return null
      life.result = 'success'
      return ['inactive', 'dead']
    case 'startFailed':
      if (down || event.job === 'dependency' || event.job === 'canceled') return null
      life.result = event.result ?? 'failed'
      return ['failed', 'failed']
    case 'restartScheduled': {
      const { last } = life
      if (last && down) {
        // it was not over: what looked like the end was the wait for this
        last.toState = 'activating'
        last.subState = 'auto-restart'
        last.restarts = life.restarts
      }
      return null
    }
    default:
      return null
  }
}
