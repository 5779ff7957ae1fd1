// Reads a listing of unit files into what could be started; knows nothing of how it was listed.
import { UnitName } from '../../shared/model/unit.ts'

/** A unit file that systemd may not have loaded. */
export interface UnitFile {
  readonly name: string
  readonly path: string
}

/** Paths, one a line, in order of precedence: the first of a name counts. Templates are left out, for they cannot run as such. */
export function parseUnitFiles(text: string, limit: number): UnitFile[] {
  const files = new Map<string, UnitFile>()
  for (const line of text.split('\n')) {
    const name = line.slice(line.lastIndexOf('/') + 1)
    if (!line.startsWith('/') || !name.endsWith('.service') || name.includes('@.')) continue
    if (files.has(name) || !UnitName.safeParse(name).success) continue
    if (files.size >= limit) break
    files.set(name, { name, path: line })
  }
  return [...files.values()]
}
