// Turns what systemd says of a unit into the app's words for it; knows nothing of how it was said.

/** systemd's "not set" for 64-bit numbers. */
const unset = 18_446_744_073_709_551_615n
const maxDescription = 512
/** As systemd allows it. */
const maxUnitName = 255
const maxWord = 64
const maxPath = 4_096

/** µs since the epoch as wall ms; null for never. */
export function wallMs(microseconds: unknown): number | null {
  if (typeof microseconds !== 'number' || microseconds <= 0) return null
  return microseconds / 1000
}

/** A count or a size, null for "[not set]". */
export function amount(value: unknown): number | null {
  if (typeof value === 'bigint') return value === unset ? null : Number(value)
  return typeof value === 'number' ? value : null
}

/** 16 bytes as 32 hex digits; null where the unit never ran. */
export function invocationId(value: unknown): string | null {
  if (!(value instanceof Uint8Array) || value.length !== 16) return null
  let text = ''
  for (const byte of value) text += byte.toString(16).padStart(2, '0')
  return /^0+$/.test(text) ? null : text
}

/** A short word of systemd's own vocabulary. */
export function word(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, maxWord) : ''
}

/** A unit's name as another one refers to it, in its whole length. */
export function unitName(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, maxUnitName) : ''
}

export function description(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, maxDescription) : ''
}

/** A path or a state that may be missing. */
export function optionalText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, maxPath) : null
}

/** Process 0 is none. */
export function pid(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null
}
