// All kinds of checks, one line each; a registry only lists them.
import type { CheckType } from './check.ts'

export { type CheckType, type ProbeContext, type ProbeResult, unknownBecause } from './check.ts'

export const checkTypes: readonly CheckType[] = []

const byType = new Map(checkTypes.map(type => [type.type, type]))

/** Undefined for a kind that this version does not have. */
export const checkTypeOf = (type: string): CheckType | undefined => byType.get(type)
