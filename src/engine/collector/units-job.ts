// Sends one act on a unit to systemd over a bus and waits for its job's end; knows nothing of rights or of how the bus was reached.
import { AppError } from '../../shared/errors.ts'
import type { UnitVerb } from '../../shared/model/unit.ts'
import { actError, notInstallable } from '../parse/systemd-error.ts'
import type { ActResult } from '../ports.ts'
import type { CallResult } from './dbus-connection.ts'
import type { SystemdCalls } from './dbus-systemd.ts'
import type { DbusWatch, JobEnd } from './units-dbus.ts'

const jobMethods: Partial<Record<UnitVerb, string>> = {
  start: 'StartUnit',
  stop: 'StopUnit',
  restart: 'RestartUnit',
  reload: 'ReloadUnit',
}
const maxRemembered = 256

/**
 * Acts through `calls`, which may be a privileged bus; the end of the job is seen on `watch`. Rejects only with CANCELLED: then the act goes on
 * and only the waiting ended.
 */
export async function actOverBus(
  calls: SystemdCalls,
  watch: DbusWatch,
  verb: UnitVerb,
  name: string,
  signal?: AbortSignal,
): Promise<ActResult> {
  const method = jobMethods[verb]
  if (method !== undefined) return await runJob(calls, watch, method, verb, name, signal)
  if (verb === 'reset-failed') return outcome(await calls.manager('ResetFailedUnit', 's', [name]), verb, name)
  return await changeFiles(calls, watch, verb, name)
}

async function runJob(
  calls: SystemdCalls,
  watch: DbusWatch,
  method: string,
  verb: UnitVerb,
  name: string,
  signal: AbortSignal | undefined,
): Promise<ActResult> {
  // On two buses the job may end on one before its path is told on the other: what ends meanwhile is kept.
  const ended = new Map<string, JobEnd>()
  let wanted: string | null = null
  let resolveEnd: (end: JobEnd) => void = () => {}
  const end = new Promise<JobEnd>(resolve => {
    resolveEnd = resolve
  })
  const listening = watch.jobs.on(job => {
    if (job.path === wanted) resolveEnd(job)
    else if (wanted === null && ended.size < maxRemembered) ended.set(job.path, job)
  })
  try {
    const answer = await calls.job(method, name)
    if (answer.kind !== 'reply') return outcome(answer, verb, name)
    wanted = answer.value
    const already = ended.get(wanted)
    const last = already ?? (await Promise.race([end, watch.connection.closed, aborted(signal)]))
    if (last === null || !('path' in last)) return { kind: 'lost' }
    return { kind: 'done', job: last.result }
  } finally {
    listening.dispose()
  }
}

async function changeFiles(calls: SystemdCalls, watch: DbusWatch, verb: UnitVerb, name: string): Promise<ActResult> {
  const changed = await (verb === 'enable'
    ? calls.unitFiles('EnableUnitFiles', 'asbb', [[name], false, false], true)
    : verb === 'disable'
      ? calls.unitFiles('DisableUnitFiles', 'asb', [[name], false], false)
      : verb === 'mask'
        ? calls.unitFiles('MaskUnitFiles', 'asbb', [[name], false, false], false)
        : calls.unitFiles('UnmaskUnitFiles', 'asb', [[name], false], false))
  if (changed.kind !== 'reply') return outcome(changed, verb, name)
  if (!changed.value.installable && changed.value.changes === 0) return { kind: 'refused', error: notInstallable(name) }
  if (changed.value.changes > 0) {
    const reloaded = await calls.reload()
    if (reloaded.kind !== 'reply') return outcome(reloaded, verb, name)
  }
  await watch.details.refreshFileState(name)
  return { kind: 'done', job: null }
}

function outcome(result: CallResult<unknown>, verb: UnitVerb, name: string): ActResult {
  switch (result.kind) {
    case 'reply':
      return { kind: 'done', job: null }
    case 'error':
      return { kind: 'refused', error: actError(result.name, result.message, verb, name) }
    case 'timeout':
      return { kind: 'lost' }
    case 'closed':
      return result.sent ? { kind: 'lost' } : { kind: 'refused', error: result.error }
  }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const cancel = (): void => reject(new AppError('CANCELLED', 'Waiting for the job was cancelled; it goes on'))
    if (signal?.aborted) cancel()
    signal?.addEventListener('abort', cancel, { once: true })
  })
}
