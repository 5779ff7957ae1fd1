// Translates what the bus says of a unit into what the table keeps; knows nothing of calls or signals.
import { amount, description, invocationId, optionalText, pid, wallMs, word } from '../parse/unit-fields.ts'
import type { ListedUnit, Properties } from './dbus-systemd.ts'
import type { UnitPatch } from './units-table.ts'

/** A row of the list, or changed properties of the Unit interface: only what is there is set. */
export function unitPatch(source: ListedUnit): UnitPatch & { name: string }
export function unitPatch(source: Properties): UnitPatch
export function unitPatch(source: ListedUnit | Properties): UnitPatch & { name?: string } {
  if (!(source instanceof Map)) {
    const unit = source as ListedUnit
    return {
      name: unit.name,
      description: description(unit.description),
      loadState: word(unit.loadState),
      activeState: word(unit.activeState),
      subState: word(unit.subState),
    }
  }
  const patch: UnitPatch = {}
  for (const [name, value] of source as Properties) {
    switch (name) {
      case 'Description':
        patch.description = description(value)
        break
      case 'LoadState':
        patch.loadState = word(value)
        break
      case 'ActiveState':
        patch.activeState = word(value)
        // Nothing tells of memory by itself; what is known of it ends with the processes.
        if (value === 'inactive' || value === 'failed') patch.memoryBytes = null
        break
      case 'SubState':
        patch.subState = word(value)
        break
      case 'FragmentPath':
        patch.fragmentPath = optionalText(value)
        break
      case 'UnitFileState':
        patch.unitFileState = optionalText(value)
        break
      case 'StateChangeTimestamp':
        patch.since = wallMs(value)
        break
      case 'InvocationID':
        patch.invocationId = invocationId(value)
    }
  }
  return patch
}

/** Changed properties of the Service interface. */
export function servicePatch(source: Properties): UnitPatch {
  const patch: UnitPatch = {}
  for (const [name, value] of source) {
    switch (name) {
      case 'MainPID':
        patch.mainPid = pid(value)
        break
      case 'NRestarts':
        patch.restarts = amount(value)
        break
      case 'Result':
        patch.result = word(value)
        break
      case 'ExecMainStatus':
        patch.exitStatus = amount(value)
        break
      case 'MemoryCurrent':
        patch.memoryBytes = amount(value)
    }
  }
  return patch
}

/** What a unit file says that systemd has not loaded. */
export const notLoaded = {
  loadState: 'not-loaded',
  activeState: 'inactive',
  subState: 'dead',
  mainPid: null,
  memoryBytes: null,
  cpuPercent: null,
} satisfies UnitPatch
