// The systemd drop-in that leaves recovery on the host: its place, its text and what to know before it is written. Pure.
import type { DropInSettings } from '../../shared/model/recovery.ts'
import { UnitName, type UnitRef } from '../../shared/model/unit.ts'
import type { RestartSettings } from './restart-settings.ts'

const dropInFile = '50-quarterdeck.conf'
/** RestartSteps= and RestartMaxDelaySec= exist from this version on. */
const stepsSince = 254
const firstLine =
  '# Written by Quarterdeck: systemd restarts this service by itself, also while Quarterdeck does not run.'

/** The folder and file; `userConfig` is the user's configuration folder on the host. Null for what is no service. */
export function dropInPlace(
  { scope, name }: Pick<UnitRef, 'scope' | 'name'>,
  userConfig: string,
): { folder: string; path: string } | null {
  if (!UnitName.safeParse(name).success || !name.endsWith('.service') || name === '.service') return null
  const root = scope === 'system' ? '/etc/systemd/system' : `${userConfig}/systemd/user`
  const folder = `${root}/${name}.d`
  return { folder, path: `${folder}/${dropInFile}` }
}

/** `systemdVersion` null is a version that is not known, which is taken for an old one. */
export function renderDropIn(settings: DropInSettings, systemdVersion: number | null): string {
  const lines = [
    firstLine,
    '[Unit]',
    `StartLimitIntervalSec=${settings.startLimitIntervalSeconds}`,
    `StartLimitBurst=${settings.startLimitBurst}`,
    '',
    '[Service]',
    `Restart=${settings.restart}`,
    `RestartSec=${settings.restartSeconds}`,
  ]
  if (growing(settings, systemdVersion))
    lines.push(`RestartSteps=${settings.restartSteps}`, `RestartMaxDelaySec=${settings.restartMaxDelaySeconds}`)
  return `${lines.join('\n')}\n`
}

export interface DropInSurroundings {
  readonly path: string
  readonly before: string | null
  readonly systemdVersion: number | null
  /** As it is now; null where it could not be read. */
  readonly present: RestartSettings | null
}

export function dropInWarnings(settings: DropInSettings | null, around: DropInSurroundings): string[] {
  const warnings: string[] = []
  const { before, path, systemdVersion, present } = around
  if (before !== null && !before.startsWith(firstLine))
    warnings.push('The file that lies there was not written by Quarterdeck. It is kept for undoing this.')
  if (settings === null) {
    if (before === null) warnings.push('There is no such file, so nothing would change.')
    return warnings
  }
  const wanted = settings.restartSteps !== null || settings.restartMaxDelaySeconds !== null
  if (wanted && !(systemdVersion !== null && systemdVersion >= stepsSince)) {
    const has = systemdVersion === null ? 'its version is not known' : `this host has ${systemdVersion}`
    warnings.push(`Growing delays need systemd ${stepsSince} or newer; ${has}, so they are left out.`)
  } else if (wanted && !growing(settings, systemdVersion))
    warnings.push('Growing delays need both the steps and the longest delay, so they are left out.')
  else if (wanted && (settings.restartMaxDelaySeconds ?? 0) < settings.restartSeconds)
    warnings.push('The longest delay is shorter than the first, so systemd ignores it.')
  if (settings.restart === 'no') warnings.push('With Restart=no systemd does not restart it at all.')
  if (settings.restart === 'always')
    warnings.push('With Restart=always it is started again also where it ended well by itself.')
  // it ends at once at worst, and then waits for RestartSec before each start
  const fastest = settings.restartSeconds * (settings.startLimitBurst - 1)
  if (settings.restart !== 'no' && fastest >= settings.startLimitIntervalSeconds)
    warnings.push(
      `${settings.startLimitBurst} starts take at least ${fastest} s, so the limit within ${settings.startLimitIntervalSeconds} s is never reached and it is restarted for ever.`,
    )
  const file = dropInFile
  const later = (present?.dropIns ?? []).filter(each => each !== path && (each.split('/').at(-1) ?? '') > file)
  if (later.length > 0) warnings.push(`${later.join(', ')} comes after it, and wins where both say something.`)
  return warnings
}

/** Why systemd did not take it as it was meant; null where it did. */
export function dropInProblem(
  settings: DropInSettings | null,
  path: string,
  seen: { loadState: string | null; restart: RestartSettings | null },
): string | null {
  const { loadState, restart } = seen
  if (loadState === null || !restart) return 'systemd did not say how the service stands now'
  if (loadState !== 'loaded') return `systemd cannot load the service with it (${loadState})`
  if (settings === null) return restart.dropIns.includes(path) ? 'systemd still reads it' : null
  if (!restart.dropIns.includes(path)) return 'systemd does not read it'
  const wrong: string[] = []
  if (restart.restart !== settings.restart) wrong.push(`Restart=${restart.restart}`)
  if (restart.restartSeconds !== settings.restartSeconds) wrong.push(`RestartSec=${restart.restartSeconds}`)
  if (restart.startLimitBurst !== settings.startLimitBurst) wrong.push(`StartLimitBurst=${restart.startLimitBurst}`)
  if (restart.startLimitIntervalSeconds !== settings.startLimitIntervalSeconds)
    wrong.push(`StartLimitIntervalSec=${restart.startLimitIntervalSeconds}`)
  return wrong.length === 0 ? null : `systemd has ${wrong.join(', ')} instead: another drop-in wins`
}

function growing(settings: DropInSettings, systemdVersion: number | null): boolean {
  return (
    systemdVersion !== null &&
    systemdVersion >= stepsSince &&
    settings.restartSteps !== null &&
    settings.restartMaxDelaySeconds !== null
  )
}
