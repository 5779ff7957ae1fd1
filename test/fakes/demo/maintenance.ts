// The demo's answers about scheduled maintenance. Knows nothing of ports. Never part of the app.
import { cronProblem, cronTimes } from '../../../src/engine/lib/cron.ts'
import type { EngineContract } from '../../../src/shared/contract/engine.ts'
import { AppError } from '../../../src/shared/errors.ts'
import type {
  MaintenanceRun,
  MaintenanceStep,
  MaintenanceTask,
  MaintenanceView,
} from '../../../src/shared/model/maintenance.ts'
import type { Handlers, Server } from '../../../src/shared/rpc/server.ts'
import { maintenanceKinds } from './kinds.ts'
import { runsOf, stepRun } from './maintenance-made.ts'
import type { World } from './world.ts'

type MaintenanceCalls = Pick<
  Handlers<EngineContract>,
  Extract<keyof Handlers<EngineContract>, `maintenance.${string}` | 'schedule.times'>
>

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** What a step runs, as the engine words it. */
function commandsOf({ type, spec }: MaintenanceStep): string[] {
  if (type === 'delete-old-logs') return ['find /srv/www/logs -xdev -type f -name "*.log*" -mtime +30 -delete']
  if (type === 'vacuum-journal') return [`sudo journalctl --vacuum-size=${spec.keepMegabytes}M`]
  if (!Array.isArray(spec.commands)) return [type]
  return spec.commands.map(({ argv }: { argv: string[] }) => argv.join(' '))
}

export function maintenanceHandlers(world: World, emit: Server<EngineContract>['emit']): MaintenanceCalls {
  const runs = new Map<string, MaintenanceRun[]>()
  const viewOf = (id: string): MaintenanceView => {
    const view = world.maintenance.get(id)
    if (!view) throw new AppError('NOT_FOUND', 'This task is not there any more')
    return view
  }
  const put = (view: MaintenanceView): MaintenanceTask => {
    world.maintenance.set(view.task.id, view)
    emit('maintenance.changed', view)
    return view.task
  }
  const tell = (run: MaintenanceRun): void => {
    const view = viewOf(run.taskId)
    runs.set(run.taskId, [run, ...(runs.get(run.taskId) ?? []).filter(({ id }) => id !== run.id)])
    emit('maintenanceRun.changed', run)
    const over = run.finishedAt !== null
    put({
      ...view,
      running: over ? null : run,
      lastRun: over ? run : view.lastRun,
      lastDoneAt: run.outcome === 'done' ? run.finishedAt : view.lastDoneAt,
      problem: over ? null : view.problem,
    })
  }
  const titleOf = ({ type }: MaintenanceStep): string =>
    maintenanceKinds.find(kind => kind.type === type)?.title ?? type
  const carryOut = async (begun: MaintenanceRun): Promise<void> => {
    let now = begun
    for (const { key } of begun.steps) {
      const change = (parts: Partial<MaintenanceRun['steps'][number]>, progress: string | null): void => {
        now = { ...now, progress, steps: now.steps.map(step => (step.key === key ? { ...step, ...parts } : step)) }
        tell(now)
      }
      change({ outcome: 'running', startedAt: Date.now() }, `At ${key}`)
      await wait(900)
      if (viewOf(begun.taskId).running === null) return
      change(
        { outcome: 'done', finishedAt: Date.now(), evidence: [{ ok: true, text: '12 files of 48 MiB deleted' }] },
        null,
      )
    }
    tell({ ...now, outcome: 'done', finishedAt: Date.now(), progress: null })
  }
  return {
    'schedule.times': ({ cron, zone }) => {
      const first = cronTimes.next(cron, zone, Date.now())
      const second = first === null ? null : cronTimes.next(cron, zone, first)
      const third = second === null ? null : cronTimes.next(cron, zone, second)
      return { times: [first, second, third].filter(at => at !== null), problem: cronProblem(cron, zone) }
    },
    'maintenance.kinds': () => [...maintenanceKinds],
    'maintenance.list': () => [...world.maintenance.values()],
    'maintenance.get': viewOf,
    'maintenance.add': ({ draft }) => {
      const id = `task-${world.maintenance.size + 1}`
      const task = { ...draft, id, createdAt: Date.now(), checkId: `maintenance-${id}`, stored: [] }
      const nextAt = draft.schedule && cronTimes.next(draft.schedule.cron, draft.schedule.zone, Date.now())
      return put({ task, nextAt, waitsFor: null, running: null, lastRun: null, lastDoneAt: null, problem: null })
    },
    'maintenance.edit': ({ id, draft }) => {
      const view = viewOf(id)
      return put({ ...view, task: { ...view.task, ...draft } })
    },
    'maintenance.remove': id => {
      world.maintenance.delete(id)
      emit('maintenance.removed', id)
    },
    'maintenance.preview': async ({ hostId, steps, look = true }) => {
      if (look) await wait(500)
      const away = look && world.hosts.get(hostId)?.connection.state !== 'ready'
      return steps.map(step => {
        const logs = step.type === 'delete-old-logs'
        const found = [
          { ok: true, text: '31 files of 84 MiB in /srv/www/logs' },
          { ok: true, text: 'access.log.7, access.log.8, access.log.9 and 28 more' },
        ]
        return {
          key: step.key,
          title: titleOf(step),
          commands: commandsOf(step),
          risk: 'confirm' as const,
          consequence: logs ? 'These log files are deleted for good.' : null,
          found: logs && look && !away ? found : [],
          problem: away ? 'The host is not connected' : null,
        }
      })
    },
    'maintenance.run': id => {
      const { task, running } = viewOf(id)
      if (running?.outcome === 'running') throw new AppError('CONFLICT', 'It is under way already')
      const run: MaintenanceRun = {
        id: `run-${Date.now()}`,
        taskId: id,
        reason: 'person',
        startedAt: Date.now(),
        finishedAt: null,
        outcome: 'running',
        steps: task.steps.map(step => stepRun(step.key, titleOf(step))),
        evidence: [],
        progress: 'Waiting for its turn on this host',
        stopped: [],
      }
      tell(run)
      void carryOut(run)
      return run
    },
    'maintenance.cancel': id => {
      const view = [...world.maintenance.values()].find(({ running }) => running?.id === id)
      if (view?.running) tell({ ...view.running, outcome: 'cancelled', finishedAt: Date.now(), progress: null })
    },
    'maintenance.runs': ({ id }) => [...(runs.get(id) ?? []), ...runsOf(viewOf(id), Date.now())],
  }
}
