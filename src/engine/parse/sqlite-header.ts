// Reads the head of a SQLite file: how much of it is in use; opens no database.

export interface SqliteHeader {
  readonly pageBytes: number
  /** Pages that hold nothing, and that VACUUM gives back. */
  readonly freePages: number
  readonly writeAheadLog: boolean
}

/** The first 40 bytes as hexadecimal digits; null where they are no SQLite file's. */
export function parseSqliteHeader(hex: string): SqliteHeader | null {
  const digits = hex.replace(/\s+/g, '')
  if (digits.length < 80 || !/^[0-9a-f]+$/i.test(digits)) return null
  // "SQLite format 3" and its NUL
  if (!digits.toLowerCase().startsWith('53514c69746520666f726d6174203300')) return null
  const number = (at: number, bytes: number): number => Number.parseInt(digits.slice(at * 2, (at + bytes) * 2), 16)
  const size = number(16, 2)
  return { pageBytes: size === 1 ? 65_536 : size, freePages: number(36, 4), writeAheadLog: number(19, 1) === 2 }
}
