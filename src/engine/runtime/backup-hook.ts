// Runs the command that a person wants before or after a backup, on its host, and says how it went; knows no snapshot.
import { AppError } from '../../shared/errors.ts'
import type { BackupHook } from '../../shared/model/backup.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import type { Link } from '../ports.ts'
import type { ProgressMeter } from './progress-meter.ts'

export interface HookRequest {
  readonly signal: AbortSignal
  readonly meter: ProgressMeter
  say(evidence: Evidence): void
}

/** Rejects where it did not end with 0. */
export async function runHook(
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
