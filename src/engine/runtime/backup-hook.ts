// Runs the commands that a person wants before and after a backup, on its host, and says how they went; knows no snapshot.
import { AppError } from '../../shared/errors.ts'
import type { Backup, BackupHook } from '../../shared/model/backup.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Link } from '../ports.ts'
import type { ProgressMeter } from './progress-meter.ts'
import { isOffline } from './source-access.ts'
import { inWords } from './targets.ts'

/** What was begun on a host that went is ended when it is back, where that is soon. */
const backMs = 120_000
const soonMs = 2_000

export interface HookRequest {
  readonly signal: AbortSignal
  readonly meter: ProgressMeter
  say(evidence: Evidence): void
}

/**
 * Does `work` between the two commands, and not without the first. The second runs however that went: a first one that failed, took too long or
 * was cancelled may have stopped something all the same.
 */
export async function betweenHooks<T>(
  link: Link,
  { before, after }: Pick<Backup, 'before' | 'after'>,
  clock: Clock,
  request: HookRequest,
  work: () => Promise<T>,
): Promise<T> {
  request.signal.throwIfAborted()
  let begun = true
  try {
    if (before) {
      await runHook(link, before, 'before', request).catch(caught => {
        // nothing of it was sent
        begun = AppError.from(caught).code !== 'NOT_CONNECTED'
        throw caught
      })
    }
    return await work()
  } finally {
    if (after && begun) await endWith(link, after, clock, request)
  }
}

/** The command after it; never rejects. */
async function endWith(link: Link, after: BackupHook, clock: Clock, request: HookRequest): Promise<void> {
  const until = clock.monotonic() + backMs
  for (;;) {
    try {
      return await runHook(link, after, 'after', request)
    } catch (caught) {
      const left = until - clock.monotonic()
      if (!isOffline(caught) || left <= 0 || isOver(request.signal)) {
        request.say({ ok: false, text: inWords(caught) })
        return
      }
      request.meter.step('Waiting for the host, to run the command after it')
      // a link may be gone that does not say so yet
      await nextReady(link, clock, link.status.state === 'ready' ? Math.min(left, soonMs) : left, request.signal)
    }
  }
}

/** The engine ends; a person's cancel leaves nothing stopped. */
const isOver = (signal: AbortSignal): boolean => signal.aborted && AppError.from(signal.reason).code === 'ENGINE_GONE'

/** Resolves when the link is up anew, after `ms`, or where the engine ends. */
function nextReady(link: Link, clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const settle = (): void => {
      timer.dispose()
      watch.dispose()
      signal.removeEventListener('abort', onAbort)
      resolve()
    }
    const onAbort = (): void => {
      if (isOver(signal)) settle()
    }
    const timer = clock.after(ms, settle)
    const watch = link.onStatus(({ state }) => {
      if (state === 'ready') settle()
    })
    signal.addEventListener('abort', onAbort)
  })
}

/** Rejects where it did not end with 0. */
async function runHook(
  link: Link,
  hook: BackupHook,
  when: 'before' | 'after',
  { signal, say, meter }: HookRequest,
): Promise<void> {
  meter.step(`Running the command ${when} it`)
  const { argv, sudo, timeoutSeconds } = hook
  // what was begun before has to be ended, also where it was cancelled
  const ends = when === 'before' ? { signal } : {}
  const result = await link.exec(argv, { sudo, timeout: timeoutSeconds * 1_000, maxBytes: 65_536, ...ends })
  if (result.exit === 0) {
    say({ ok: true, text: `The command ${when} it ended with 0` })
    return
  }
  const how = result.timedOut
    ? `did not end within ${timeoutSeconds} s`
    : result.lost
      ? 'was lost with the connection'
      : `ended with ${result.exit ?? result.signal}`
  const words = Buffer.from(result.stderr).toString('utf8').trim().slice(-300)
  throw new AppError(result.lost ? 'LINK_LOST' : 'COMMAND_FAILED', `The command ${when} it ${how}`, {
    ...(words === '' ? {} : { hint: words }),
  })
}
