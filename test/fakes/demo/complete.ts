// Completes made-up specs as the engine does when it saves them: what is not said has the kind's default. Never part of the app.
import { fieldsOf, initialSpec } from '../../../src/renderer/lib/json-schema.ts'
import type { KindInfo } from '../../../src/shared/model/check.ts'

export function complete<T extends { type: string; spec: Record<string, unknown> }>(
  kinds: readonly KindInfo[],
  item: T,
): T {
  const kind = kinds.find(each => each.type === item.type)
  return kind ? { ...item, spec: { ...initialSpec(fieldsOf(kind.schema)), ...item.spec } } : item
}
