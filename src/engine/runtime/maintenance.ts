// Maintenance tasks as a person sets them up, kept in step with the check that each owns; and the one place where all that runs them is put together.
import { randomBytes } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'
import type {
  MaintenanceDraft,
  MaintenanceKind,
  MaintenanceTask,
  MaintenanceView,
  PreviewRequest,
  StepPreview,
} from '../../shared/model/maintenance.ts'
import { newHostId } from '../domain/host-id.ts'
import { type Disposable, DisposableBag } from '../lib/disposable.ts'
import { hostActionTypes } from '../recovery/index.ts'
import { fieldSecretId } from '../store/field-secrets.ts'
import type { StoredTask } from '../store/maintenance.ts'
import type { Store } from '../store/store.ts'
import { hostActionContext } from './action-context.ts'
import type { Checks } from './checks.ts'
import type { CircuitBreakers } from './circuit-breaker.ts'
import type { HostSession } from './host-session.ts'
import { kindInfo } from './kind-spec.ts'
import { type JudgedStep, judgeMaintenanceDraft, judgeSteps } from './maintenance-draft.ts'
import { MaintenanceRunner, type MaintenanceRunnerOptions } from './maintenance-runner.ts'
import { MaintenanceSchedules, type MaintenanceSchedulesOptions } from './maintenance-schedules.ts'
import { readySession } from './source-access.ts'
import { inWords } from './targets.ts'
import type { Vault } from './vault.ts'

const previewMs = 20_000

export interface MaintenanceOptions
  extends Omit<MaintenanceRunnerOptions, 'onChange' | 'breakers' | 'store' | 'vault'>,
    Pick<MaintenanceSchedulesOptions, 'prober' | 'onMains' | 'networks'> {
  store: Store
  vault: Vault
  checks: Pick<Checks, 'putOwned' | 'removeOwned'>
  breakers: CircuitBreakers
}

export class Maintenance implements Disposable {
  readonly runner: MaintenanceRunner
  readonly schedules: MaintenanceSchedules
  readonly #options: MaintenanceOptions
  readonly #bag = new DisposableBag()

  constructor(options: MaintenanceOptions) {
    this.#options = options
    const onChange = (taskId: string): void => this.#announce(taskId)
    this.runner = this.#bag.add(new MaintenanceRunner({ ...options, onChange }))
    this.schedules = this.#bag.add(new MaintenanceSchedules({ ...options, runner: this.runner, onChange }))
  }

  /** Takes up what was under way, and begins to look at the schedules. */
  start(): void {
    this.runner.resume()
    this.schedules.start()
    this.#bag.add(
      this.#options.vault.onChange(({ state }) => {
        if (state === 'unlocked') this.runner.onVaultUnlocked()
      }),
    )
  }

  /** A host's session is about to start: listens to it until disposed. */
  attach(session: HostSession): Disposable {
    return this.runner.attach(session)
  }

  kinds(): MaintenanceKind[] {
    return hostActionTypes.map(type => ({
      ...kindInfo(type),
      risk: type.risk,
      previews: type.preview !== undefined,
    }))
  }

  list(hostId: string | null): MaintenanceView[] {
    const all = this.#options.store.maintenance.list()
    return all.filter(({ task }) => hostId === null || task.hostId === hostId).map(stored => this.#view(stored))
  }

  view(id: string): MaintenanceView {
    return this.#view(this.#stored(id))
  }

  add(draft: MaintenanceDraft, secrets: FieldSecrets): MaintenanceTask {
    const { store, checks, clock } = this.#options
    const complete = judgeMaintenanceDraft(draft, secrets, null, store)
    const taken = store.maintenance.list().map(({ task }) => task.id)
    // an id that was used before must inherit nothing
    const id = newHostId(`${newHostId(complete.name, []).slice(0, 40)}-${randomBytes(2).toString('hex')}`, taken)
    store.transaction(() => {
      const check = checks.putOwned(null, checkOf(complete, id))
      store.maintenance.insert({ ...complete, id, checkId: check.id, createdAt: clock.now() })
      this.#keepSecrets(id, secrets)
    })
    this.#announce(id)
    return this.#stored(id).task
  }

  edit(id: string, draft: MaintenanceDraft, secrets: FieldSecrets): MaintenanceTask {
    const { store, checks } = this.#options
    const { task } = this.#stored(id)
    const complete = judgeMaintenanceDraft(draft, secrets, task, store)
    const kept = new Set(complete.steps.map(({ key }) => key))
    const orphans = task.stored.filter(field => !kept.has(field.split('.')[0] ?? ''))
    store.transaction(() => {
      checks.putOwned(task.checkId, checkOf(complete, id))
      store.maintenance.update(id, complete)
      this.#keepSecrets(id, { ...secrets, ...Object.fromEntries(orphans.map(field => [field, null])) })
    })
    this.#announce(id)
    return this.#stored(id).task
  }

  /**
   * What is under way is cancelled first, and services that it stopped run again. Rejects with NOT_FOUND, and with CONFLICT where they cannot be started
   * now: nobody would know of them any more.
   */
  async remove(id: string): Promise<MaintenanceTask> {
    const { store, checks, publish } = this.#options
    this.#stored(id)
    const down = this.runner.stillDown(id).map(({ name }) => name)
    if (down.length > 0)
      throw new AppError('CONFLICT', `${down.join(', ')} is stopped for this task, and cannot be started just now`, {
        hint: 'Wait until its host can be reached; or cancel the run, and start it on the host yourself.',
      })
    await this.runner.forget(id)
    const { task } = this.#stored(id)
    checks.removeOwned(task.checkId)
    store.maintenance.remove(id)
    publish('maintenance.removed', id)
    return task
  }

  /** The host is about to go, and its tasks and their checks with it. */
  hostRemoved(hostId: string): void {
    const { store, publish } = this.#options
    for (const { task } of store.maintenance.list()) {
      if (task.hostId !== hostId) continue
      void this.runner.forget(task.id)
      store.maintenance.remove(task.id)
      publish('maintenance.removed', task.id)
    }
  }

  /** What the steps would do, and would meet now. Throws INVALID_INPUT with `detail.field`. */
  async preview(
    { id, hostId, steps, look }: PreviewRequest,
    secrets: FieldSecrets,
    signal: AbortSignal,
  ): Promise<StepPreview[]> {
    const before = id === null ? null : this.#stored(id).task
    if (before && before.hostId !== hostId) throw new AppError('INVALID_INPUT', 'A task stays on its host')
    const previews: StepPreview[] = []
    for (const judged of judgeSteps(steps, secrets, before))
      previews.push(
        look
          ? await this.#preview(judged, hostId, secrets, before, signal)
          : { ...planOf(judged), found: [], problem: null },
      )
    return previews
  }

  /** Before the engine ends: nothing more is begun, and no service is left stopped where that time allows it. Never rejects. */
  async end(graceMs: number): Promise<void> {
    this.schedules.dispose()
    await this.runner.end(graceMs)
  }

  dispose(): void {
    this.#bag.dispose()
  }

  async #preview(
    judged: JudgedStep,
    hostId: string,
    secrets: FieldSecrets,
    before: MaintenanceTask | null,
    signal: AbortSignal,
  ): Promise<StepPreview> {
    const { session: sessionOf, vault, clock } = this.#options
    const { step, type } = judged
    const plan = planOf(judged)
    if (!type.preview) return { ...plan, found: [], problem: null }
    const patience = new AbortController()
    const timer = clock.after(previewMs, () => patience.abort())
    try {
      const secret = (field: string): string | null => {
        const given = secrets[`${step.key}.${field}`]
        if (given !== undefined || before === null) return given ?? null
        return vault.get(fieldSecretId('maintenance', before.id, `${step.key}.${field}`))
      }
      const session = readySession(sessionOf(hostId))
      const both = AbortSignal.any([signal, patience.signal])
      const context = hostActionContext({ session, clock, signal: both, secret, progress: () => {} })
      const { evidence } = await type.preview(context, type.spec.parse(step.spec))
      return { ...plan, found: [...evidence], problem: null }
    } catch (caught) {
      signal.throwIfAborted()
      const problem = patience.signal.aborted ? 'The host did not answer in time' : inWords(caught)
      return { ...plan, found: [], problem }
    } finally {
      timer.dispose()
    }
  }

  /** Throws NOT_FOUND. */
  #stored(id: string): StoredTask {
    const stored = this.#options.store.maintenance.get(id)
    if (!stored) throw new AppError('NOT_FOUND', 'This task is not there any more')
    return stored
  }

  #announce(id: string): void {
    const stored = this.#options.store.maintenance.get(id)
    if (!stored) return
    this.schedules.tell(id)
    this.#options.publish('maintenance.changed', this.#view(stored))
  }

  #view(stored: StoredTask): MaintenanceView {
    const { task, doneAt } = stored
    const last = this.runner.list(task.id, 5).find(({ finishedAt }) => finishedAt !== null)
    return {
      ...{ task, nextAt: this.schedules.nextAt(stored), waitsFor: this.schedules.waitsFor(stored) },
      running: this.runner.running(task.id),
      ...{ lastRun: last ?? null, lastDoneAt: doneAt, problem: this.schedules.lastFailure(task.id) },
    }
  }

  #keepSecrets(id: string, secrets: FieldSecrets): void {
    const { vault } = this.#options
    for (const [field, value] of Object.entries(secrets)) {
      if (value === null) vault.forget(fieldSecretId('maintenance', id, field))
      else vault.put(fieldSecretId('maintenance', id, field), value)
    }
  }
}

/** What a step would do, whatever there is on the host. */
const planOf = ({ step, type }: JudgedStep) => ({ ...type.plan(type.spec.parse(step.spec)), key: step.key })

/** The check that a task owns: alerts, history and silences are the same as for everything else. */
const checkOf = ({ hostId, name }: MaintenanceDraft, taskId: string) => ({
  ...{ hostId, name, type: 'maintenance', spec: { taskId }, unit: null, vantage: 'local' as const },
})
