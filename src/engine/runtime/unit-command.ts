// The systemctl command for a unit's own manager as an argv; runs nothing.
import type { UnitRef } from '../../shared/model/unit.ts'

/** `systemctl …`, or `systemctl --user …` of the user who is logged in, whose manager needs its run-time folder named. */
export function unitCommand({ scope }: Pick<UnitRef, 'scope'>, uid: number | null, words: readonly string[]): string[] {
  if (scope === 'system') return ['systemctl', ...words]
  const runtime = uid === null ? [] : ['env', `XDG_RUNTIME_DIR=/run/user/${uid}`]
  return [...runtime, 'systemctl', '--user', ...words]
}
