// Compares a value that was found with what a person expects of it, written like `> 0`, `!= x` or plainly `ok`; knows nothing of where it came from.

const operators = ['>=', '<=', '!=', '==', '>', '<', '='] as const

/** True where `found` is as `expected` says. Numbers are compared as numbers where both sides are; nothing expected is always met. */
export function meets(found: string, expected: string): boolean {
  const text = expected.trim()
  if (text === '') return true
  const operator = operators.find(one => text.startsWith(one))
  const wanted = operator === undefined ? text : text.slice(operator.length).trim()
  const value = found.trim()
  const difference = compare(value, wanted)
  switch (operator) {
    case '>=':
      return difference !== null && difference >= 0
    case '<=':
      return difference !== null && difference <= 0
    case '>':
      return difference !== null && difference > 0
    case '<':
      return difference !== null && difference < 0
    case '!=':
      return difference === null ? value !== wanted : difference !== 0
    default:
      return difference === null ? value === wanted : difference === 0
  }
}

/** `[RESULT] (3) > 0`, as messages of checks say it. */
export function explain(what: string, found: string, expected: string): string {
  const shown = found.length > 200 ? `${found.slice(0, 199)}…` : found
  const text = expected.trim()
  if (text === '') return `[${what}] (${shown})`
  return `[${what}] (${shown}) ${operators.some(one => text.startsWith(one)) ? text : `== ${text}`}`
}

/** Null where one of them is no number. */
function compare(found: string, wanted: string): number | null {
  if (found === '' || wanted === '') return null
  const a = Number(found)
  const b = Number(wanted)
  return Number.isNaN(a) || Number.isNaN(b) ? null : a - b
}
