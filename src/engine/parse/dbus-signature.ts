// Reads D-Bus type signatures into trees, once each; knows nothing of bytes.

/** One complete D-Bus type. */
export type DbusType =
  | { readonly kind: 'basic'; readonly code: BasicCode }
  | { readonly kind: 'variant' }
  | { readonly kind: 'array'; readonly element: DbusType }
  | { readonly kind: 'dict'; readonly key: BasicCode; readonly value: DbusType }
  | { readonly kind: 'struct'; readonly fields: readonly DbusType[] }

export type BasicCode = 'y' | 'b' | 'n' | 'q' | 'i' | 'u' | 'x' | 't' | 'd' | 's' | 'o' | 'g' | 'h'

/** Bytes or a signature that the D-Bus specification does not allow. The connection turns it into PROTOCOL. */
export class WireError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WireError'
  }
}

const basicCodes = 'ybnqiuxtdsogh'
const maxSignature = 255
const maxNesting = 32
/** Hosts choose signatures: what is remembered of them is bounded. */
const maxRemembered = 512
const remembered = new Map<string, readonly DbusType[]>()

/** The complete types of a signature. Throws WireError where it is not one. */
export function parseSignature(signature: string): readonly DbusType[] {
  const known = remembered.get(signature)
  if (known) return known
  if (signature.length > maxSignature) throw new WireError('signature over 255 characters')
  const types: DbusType[] = []
  let at = 0
  while (at < signature.length) {
    const [type, next] = parseType(signature, at, 0, 0)
    types.push(type)
    at = next
  }
  if (remembered.size >= maxRemembered) remembered.clear()
  remembered.set(signature, types)
  return types
}

/** The one complete type of a variant's signature. */
export function parseSingleType(signature: string): DbusType {
  const types = parseSignature(signature)
  const [type] = types
  if (!type || types.length !== 1) throw new WireError('a variant holds exactly one complete type')
  return type
}

/** The byte boundary on which values of a type start. */
export function alignmentOf(type: DbusType): 1 | 2 | 4 | 8 {
  if (type.kind === 'variant') return 1
  if (type.kind === 'array' || type.kind === 'dict') return 4
  if (type.kind === 'struct') return 8
  switch (type.code) {
    case 'y':
    case 'g':
      return 1
    case 'n':
    case 'q':
      return 2
    case 'x':
    case 't':
    case 'd':
      return 8
    default:
      return 4
  }
}

function parseType(text: string, at: number, arrays: number, structs: number): [DbusType, number] {
  const code = text.charAt(at)
  if (code !== '' && basicCodes.includes(code)) return [{ kind: 'basic', code: code as BasicCode }, at + 1]
  if (code === 'v') return [{ kind: 'variant' }, at + 1]
  if (code === 'a') {
    if (arrays + 1 > maxNesting) throw new WireError('arrays nested too deep')
    if (text.charAt(at + 1) === '{') return parseDict(text, at + 2, arrays + 1, structs)
    const [element, next] = parseType(text, at + 1, arrays + 1, structs)
    return [{ kind: 'array', element }, next]
  }
  if (code === '(') {
    if (structs + 1 > maxNesting) throw new WireError('structs nested too deep')
    const fields: DbusType[] = []
    let cursor = at + 1
    while (text.charAt(cursor) !== ')') {
      const [field, next] = parseType(text, cursor, arrays, structs + 1)
      fields.push(field)
      cursor = next
    }
    if (fields.length === 0) throw new WireError('a struct without fields')
    return [{ kind: 'struct', fields }, cursor + 1]
  }
  throw new WireError(code === '' ? 'signature ends too early' : 'unknown type in a signature')
}

function parseDict(text: string, at: number, arrays: number, structs: number): [DbusType, number] {
  if (structs + 1 > maxNesting) throw new WireError('structs nested too deep')
  const key = text.charAt(at)
  if (key === '' || !basicCodes.includes(key)) throw new WireError('a dictionary key must be a basic type')
  const [value, next] = parseType(text, at + 1, arrays, structs + 1)
  if (text.charAt(next) !== '}') throw new WireError('a dictionary entry has two types')
  return [{ kind: 'dict', key: key as BasicCode, value }, next + 1]
}
