// systemd's D-Bus API as typed calls; knows nothing of what is done with the answers.
import type { Cursor } from '../parse/dbus-cursor.ts'
import type { DbusValue } from '../parse/dbus-reader.ts'
import { readProperties, readStructs } from '../parse/dbus-reader.ts'
import { unitPath } from '../parse/dbus-unit-path.ts'
import type { Writable } from '../parse/dbus-writer.ts'
import { type CallResult, type DbusConnection, noReply } from './dbus-connection.ts'

export const systemdName = 'org.freedesktop.systemd1'
export const managerPath = '/org/freedesktop/systemd1'
export const managerInterface = 'org.freedesktop.systemd1.Manager'
export const unitInterface = 'org.freedesktop.systemd1.Unit'
export const serviceInterface = 'org.freedesktop.systemd1.Service'
export const timerInterface = 'org.freedesktop.systemd1.Timer'
export const propertiesInterface = 'org.freedesktop.DBus.Properties'
export const busName = 'org.freedesktop.DBus'

/** One row of ListUnits. */
export interface ListedUnit {
  readonly name: string
  readonly description: string
  readonly loadState: string
  readonly activeState: string
  readonly subState: string
}

/** Properties of a unit that are kept, with their types: what has another type is not read. */
export const unitProperties = new Map([
  ['Description', 's'],
  ['LoadState', 's'],
  ['ActiveState', 's'],
  ['SubState', 's'],
  ['FragmentPath', 's'],
  ['UnitFileState', 's'],
  ['StateChangeTimestamp', 't'],
  ['StateChangeTimestampMonotonic', 't'],
  ['InvocationID', 'ay'],
])
export const serviceProperties = new Map([
  ['MainPID', 'u'],
  ['NRestarts', 'u'],
  ['Result', 's'],
  ['ExecMainStatus', 'i'],
  ['MemoryCurrent', 't'],
])
export const timerProperties = new Map([
  ['Unit', 's'],
  ['NextElapseUSecRealtime', 't'],
  ['NextElapseUSecMonotonic', 't'],
  ['LastTriggerUSec', 't'],
  ['LastTriggerUSecMonotonic', 't'],
])

export type Properties = ReadonlyMap<string, DbusValue>

/** Calls on one connection's manager. Results are given to `apply` in the order of arrival, before any later signal. */
export class SystemdCalls {
  readonly connection: DbusConnection

  constructor(connection: DbusConnection) {
    this.connection = connection
  }

  subscribe(): Promise<CallResult<undefined>> {
    return this.manager('Subscribe')
  }

  reload(): Promise<CallResult<undefined>> {
    return this.manager('Reload', '', [], 90_000)
  }

  /** A Manager method that returns nothing. */
  manager(
    member: string,
    signature = '',
    body: readonly Writable[] = [],
    timeout?: number,
  ): Promise<CallResult<undefined>> {
    return this.connection.call({ ...this.#onManager, member, signature, body, timeout, reply: noReply })
  }

  /** A Manager method that starts a job; gives back its path. */
  job(member: string, name: string): Promise<CallResult<string>> {
    const reply = { signature: 'o', read: (cursor: Cursor) => cursor.objectPath() }
    return this.connection.call({ ...this.#onManager, member, signature: 'ss', body: [name, 'replace'], reply })
  }

  /** EnableUnitFiles, MaskUnitFiles …: how many links changed, and for enable whether the unit has an [Install] section. */
  unitFiles(
    member: string,
    signature: string,
    body: readonly Writable[],
    carriesInstallInfo: boolean,
  ): Promise<CallResult<{ changes: number; installable: boolean }>> {
    const read = (cursor: Cursor): { changes: number; installable: boolean } => {
      const installable = carriesInstallInfo ? cursor.boolean() : true
      let changes = 0
      readStructs(cursor, 1_000, each => {
        each.skipString()
        each.skipString()
        each.skipString()
        changes++
      })
      return { changes, installable }
    }
    const reply = { signature: carriesInstallInfo ? 'ba(sss)' : 'a(sss)', read }
    return this.connection.call({ ...this.#onManager, member, signature, body, reply, timeout: 90_000 })
  }

  /**
   * Loaded units by glob patterns, of which a name is one (systemd takes its `\` as it is). Loads none, as asking by name would. `complete` is
   * false where the host has more than `limit`.
   */
  listByPatterns(
    patterns: readonly string[],
    limit: number,
    apply: (units: ListedUnit[], complete: boolean) => void,
  ): Promise<CallResult<undefined>> {
    return this.#list('ListUnitsByPatterns', 'asas', [[], [...patterns]], limit, apply)
  }

  /** All wanted properties of one interface in one call. */
  getAll(
    name: string,
    interfaceName: string,
    wanted: ReadonlyMap<string, string>,
    apply: (properties: Properties) => void = () => {},
  ): Promise<CallResult<Properties>> {
    const read = (cursor: Cursor): Properties => {
      const properties = readProperties(cursor, wanted)
      apply(properties)
      return properties
    }
    return this.connection.call({
      destination: systemdName,
      path: unitPath(name),
      interface: propertiesInterface,
      member: 'GetAll',
      signature: 's',
      body: [interfaceName],
      reply: { signature: 'a{sv}', read },
    })
  }

  /** One property. The host's cost is a tenth of GetAll's. */
  get(
    name: string,
    interfaceName: string,
    property: string,
    apply: (value: DbusValue) => void,
  ): Promise<CallResult<undefined>> {
    const expected = (interfaceName === unitInterface ? unitProperties : serviceProperties).get(property)
    return this.connection.call({
      destination: systemdName,
      path: unitPath(name),
      interface: propertiesInterface,
      member: 'Get',
      signature: 'ss',
      body: [interfaceName, property],
      reply: { signature: 'v', read: cursor => readSingle(cursor, expected, apply) },
    })
  }

  nameOwner(apply: (owner: string) => void): Promise<CallResult<undefined>> {
    return this.#bus('GetNameOwner', systemdName, 's', cursor => apply(cursor.string()))
  }

  addMatch(rule: string): Promise<CallResult<undefined>> {
    return this.#bus('AddMatch', rule, '', () => {})
  }

  get #onManager(): { destination: string; path: string; interface: string } {
    return { destination: systemdName, path: managerPath, interface: managerInterface }
  }

  #bus(member: string, argument: string, signature: string, read: (cursor: Cursor) => void) {
    return this.connection.call<undefined>({
      destination: busName,
      path: '/org/freedesktop/DBus',
      interface: busName,
      member,
      signature: 's',
      body: [argument],
      reply: {
        signature,
        read: cursor => {
          read(cursor)
          return undefined
        },
      },
    })
  }

  #list(
    member: string,
    signature: string,
    body: readonly Writable[],
    limit: number,
    apply: (units: ListedUnit[], complete: boolean) => void,
  ): Promise<CallResult<undefined>> {
    const read = (cursor: Cursor): undefined => {
      const units: ListedUnit[] = []
      const { complete } = readStructs(cursor, limit, each => units.push(readListed(each)))
      apply(units, complete)
    }
    return this.connection.call({
      ...this.#onManager,
      member,
      signature,
      body,
      reply: { signature: 'a(ssssssouso)', read },
    })
  }
}

function readListed(cursor: Cursor): ListedUnit {
  const unit = {
    name: cursor.string(),
    description: cursor.string(),
    loadState: cursor.string(),
    activeState: cursor.string(),
    subState: cursor.string(),
  }
  cursor.skipString()
  cursor.skipString()
  cursor.uint32()
  cursor.skipString()
  cursor.skipString()
  return unit
}

function readSingle(cursor: Cursor, expected: string | undefined, apply: (value: DbusValue) => void): undefined {
  const signature = cursor.signature()
  if (signature === expected && expected === 's') apply(cursor.string())
  else if (signature === expected && expected === 'u') apply(cursor.uint32())
  else if (signature === expected && expected === 'i') apply(cursor.int32())
  else if (signature === expected && expected === 't') apply(cursor.uint64())
  else if (signature === expected && expected === 'ay') {
    const end = cursor.arrayEnd(1)
    apply(cursor.bytes.slice(cursor.at, end))
    cursor.at = end
  } else cursor.at = cursor.end
}
