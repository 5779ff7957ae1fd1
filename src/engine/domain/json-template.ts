// Fills a JSON template with values; values never become structure, whatever they hold. Pure.

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }

const placeholder = /\{\{\s*([A-Za-z][A-Za-z0-9]*)\s*\}\}/g
const whole = /^\{\{\s*([A-Za-z][A-Za-z0-9]*)\s*\}\}$/

/** What is wrong with a template, in a sentence; null where it is fine. */
export function templateProblem(template: string, names: readonly string[]): string | null {
  try {
    JSON.parse(template)
  } catch {
    return 'This is not JSON. Placeholders stand within quotes: "text": "{{text}}"'
  }
  const unknown = [...template.matchAll(placeholder)].map(([, name]) => name ?? '').find(name => !names.includes(name))
  return unknown === undefined ? null : `There is no {{${unknown}}}. There are: ${names.join(', ')}`
}

/** The template is parsed first and filled afterwards. A string that is nothing but one placeholder becomes the value itself, number or list. */
export function fillTemplate(template: string, values: Readonly<Record<string, JsonValue>>): JsonValue {
  const fill = (node: JsonValue): JsonValue => {
    if (typeof node === 'string') {
      const [, name] = whole.exec(node) ?? []
      if (name !== undefined) return valueNamed(name)
      return node.replace(placeholder, (_, key: string) => textOf(valueNamed(key)))
    }
    if (Array.isArray(node)) return node.map(fill)
    if (typeof node !== 'object' || node === null) return node
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, fill(value)]))
  }
  const valueNamed = (name: string): JsonValue => (Object.hasOwn(values, name) ? (values[name] ?? null) : null)
  return fill(JSON.parse(template) as JsonValue)
}

function textOf(value: JsonValue): string {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
