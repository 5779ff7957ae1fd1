// Translates between unit names and their D-Bus object paths; knows nothing of messages.

const unitPathPrefix = '/org/freedesktop/systemd1/unit/'

const plain = /^[A-Za-z0-9]$/

/** systemd's escaping: everything but letters and digits becomes `_xx`, and so does a digit in front. */
export function unitPath(name: string): string {
  let path = unitPathPrefix
  const bytes = new TextEncoder().encode(name)
  for (const [index, byte] of bytes.entries()) {
    const char = String.fromCharCode(byte)
    const digitInFront = index === 0 && byte >= 0x30 && byte <= 0x39
    path += plain.test(char) && !digitInFront ? char : `_${byte.toString(16).padStart(2, '0')}`
  }
  return path
}

/** The unit's name of an object path, or null where it is not a unit's. Unit names are ASCII: what is not becomes null as well. */
export function unitNameOf(path: string): string | null {
  if (!path.startsWith(unitPathPrefix)) return null
  const escaped = path.slice(unitPathPrefix.length)
  if (escaped === '' || escaped.length > 255 * 3) return null
  let valid = true
  const name = escaped.replace(/_(..?)?/g, (_, hex: string | undefined) => {
    const code = hex !== undefined && /^[0-9a-f]{2}$/.test(hex) ? Number.parseInt(hex, 16) : 0
    if (code < 0x21 || code > 0x7e) valid = false
    return String.fromCharCode(code)
  })
  return valid && !name.includes('/') ? name : null
}
