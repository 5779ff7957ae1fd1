// Commands as a person would type them; runs nothing.
import type { UnitRef, UnitVerb } from '../../shared/model/unit.ts'
import { quoteArgv } from './quote.ts'

export function systemctlText(unit: Pick<UnitRef, 'scope' | 'name'>, verb: UnitVerb): string {
  return quoteArgv(unit.scope === 'user' ? ['systemctl', '--user', verb, unit.name] : ['systemctl', verb, unit.name])
}

export function commandText(argv: readonly string[], sudo: boolean): string {
  return quoteArgv(sudo ? ['sudo', ...argv] : argv)
}
