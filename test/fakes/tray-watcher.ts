// A desktop's place for tray icons (StatusNotifierWatcher): sees the app's icon, reads its menu and clicks in it.
import dbus from 'dbus-next'

export interface TrayWatcher {
  /** What hovering over the icon shows; rejects while there is no icon. */
  tooltip(): Promise<string>
  /** The labels of the menu's lines, separators left out. */
  menu(): Promise<string[]>
  click(label: string): Promise<void>
  stop(): void
}

const { Interface } = dbus.interface
const watcher = 'org.kde.StatusNotifierWatcher'

/** An entry of com.canonical.dbusmenu: id, properties, children. */
type MenuNode = [number, Record<string, dbus.Variant>, dbus.Variant<MenuNode>[]]

/** Puts the watcher on the bus at this address. */
export async function startTrayWatcher(address: string): Promise<TrayWatcher> {
  const bus = dbus.sessionBus({ busAddress: address })
  let item: { destination: string; path: string } | null = null

  class Watcher extends Interface {
    IsStatusNotifierHostRegistered = true
    ProtocolVersion = 0
    RegisteredStatusNotifierItems: string[] = []
    RegisterStatusNotifierItem(service: string): void {
      // Either a bus name, or a path on the caller's connection.
      item = service.startsWith('/')
        ? { destination: sender, path: service }
        : { destination: service, path: '/StatusNotifierItem' }
    }
    RegisterStatusNotifierHost(): void {}
  }
  Watcher.configureMembers({
    methods: {
      RegisterStatusNotifierItem: { inSignature: 's', outSignature: '' },
      RegisterStatusNotifierHost: { inSignature: 's', outSignature: '' },
    },
    properties: {
      IsStatusNotifierHostRegistered: { signature: 'b', access: 'read' },
      ProtocolVersion: { signature: 'i', access: 'read' },
      RegisteredStatusNotifierItems: { signature: 'as', access: 'read' },
    },
  })
  let sender = ''
  bus.addMethodHandler((message: dbus.Message) => {
    if (message.member === 'RegisterStatusNotifierItem') sender = message.sender ?? ''
    return false
  })
  bus.export('/StatusNotifierWatcher', new Watcher(watcher))
  await bus.requestName(watcher, 0)

  const ask = async (path: string, interfaceName: string, member: string, signature: string, body: unknown[]) => {
    if (!item) throw new Error('There is no tray icon')
    const { destination } = item
    const reply = await bus.call(
      new dbus.Message({ destination, path, interface: interfaceName, member, signature, body }),
    )
    return reply?.body ?? []
  }
  const property = async (name: string): Promise<unknown> => {
    const path = item?.path ?? ''
    const [value] = await ask(path, 'org.freedesktop.DBus.Properties', 'Get', 'ss', [
      'org.kde.StatusNotifierItem',
      name,
    ])
    return (value as dbus.Variant).value
  }
  const entries = async (): Promise<{ path: string; entries: { id: number; label: string }[] }> => {
    const path = (await property('Menu')) as string
    const [, layout] = await ask(path, 'com.canonical.dbusmenu', 'GetLayout', 'iias', [0, -1, []])
    const [, , children] = layout as MenuNode
    const lines = children.map(({ value: [id, properties] }) => ({ id, label: String(properties.label?.value ?? '') }))
    return { path, entries: lines.filter(({ label }) => label !== '') }
  }
  return {
    async tooltip() {
      const [, , title, text] = (await property('ToolTip')) as [string, unknown, string, string]
      return title || text
    },
    menu: async () => (await entries()).entries.map(({ label }) => label),
    async click(label) {
      const { path, entries: lines } = await entries()
      const line = lines.find(entry => entry.label === label)
      if (!line) throw new Error(`No line "${label}" in the tray's menu`)
      await ask(path, 'com.canonical.dbusmenu', 'Event', 'isvu', [line.id, 'clicked', new dbus.Variant('s', ''), 0])
    },
    stop: () => bus.disconnect(),
  }
}
