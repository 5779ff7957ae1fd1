// Finds services that have a unit file and are not loaded, without systemd's costly walk over enablement; knows nothing of the bus.
import type { UnitScope } from '../../shared/model/unit.ts'
import { parseUnitFiles, type UnitFile } from '../parse/unit-files.ts'
import type { Link } from '../ports.ts'
import { notLoaded } from './units-patch.ts'
import { maxUnits, type UnitTable } from './units-table.ts'

const folders: Record<UnitScope, readonly string[]> = {
  system: [
    '/etc/systemd/system',
    '/run/systemd/system',
    '/run/systemd/generator',
    '/usr/local/lib/systemd/system',
    '/usr/lib/systemd/system',
    '/lib/systemd/system',
    '/run/systemd/generator.late',
  ],
  user: [
    '$HOME/.config/systemd/user',
    '/etc/systemd/user',
    '$XDG_RUNTIME_DIR/systemd/user',
    '$HOME/.local/share/systemd/user',
    '/usr/local/lib/systemd/user',
    '/usr/lib/systemd/user',
  ],
}

/** The shell expands the pattern itself: one process, and nothing is read but the folders. A dangling link is no unit. */
function script(scope: UnitScope): string {
  const patterns = folders[scope].map(folder => `"${folder}"/*.service`).join(' ')
  return `for f in ${patterns}; do [ -e "$f" ] && printf '%s\\n' "$f"; done; exit 0`
}

/** Brings the table up to date with what is on the disk. Best effort. */
export async function readUnitFiles(link: Link, scope: UnitScope, table: UnitTable): Promise<void> {
  const files = await listUnitFiles(link, scope)
  if (files) addUnitFiles(table, files)
}

/** Unit files of services on the disk; null where the listing failed. */
export async function listUnitFiles(link: Link, scope: UnitScope): Promise<UnitFile[] | null> {
  const result = await link.exec(['sh', '-c', script(scope)], { timeout: 20_000, maxBytes: 4 * 1024 * 1024 })
  if (result.exit !== 0 || result.truncated) return null
  return parseUnitFiles(new TextDecoder().decode(result.stdout), maxUnits)
}

/** Adds what is on the disk and not loaded to the table, and drops what is in neither. */
export function addUnitFiles(table: UnitTable, files: readonly UnitFile[]): void {
  const names = new Set<string>()
  for (const { name, path } of files) {
    names.add(name)
    const known = table.get(name)
    if (!known || known.loadState === 'not-found') {
      table.apply(name, { ...notLoaded, description: '', fragmentPath: path })
    }
  }
  for (const name of [...table.names()])
    if (!names.has(name) && table.get(name)?.loadState === 'not-loaded') table.remove(name)
}
