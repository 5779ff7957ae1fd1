// Proves what the tray and the menu offer, with Electron's own parts left out.
import type { MenuItemConstructorOptions } from 'electron'
import { describe, expect, it, vi } from 'vitest'

vi.mock('electron', () => ({ Menu: {}, Tray: class {}, nativeImage: {} }))

const { menuTemplate } = await import('../../../src/main/menu.ts')
const { trayMenu } = await import('../../../src/main/tray.ts')

function click(item: MenuItemConstructorOptions | undefined): void {
  Reflect.apply(item?.click ?? (() => {}), undefined, [])
}

describe('trayMenu', () => {
  it('says the state, lists what is wrong, opens and quits', () => {
    const opened: (string | null)[] = []
    const quit = vi.fn()
    const items = trayMenu(
      { state: 'unhealthy', lines: [{ text: 'bot.service on web-1 & co failed\n', route: '/hosts/web-1' }] },
      { open: route => opened.push(route), quit },
    )
    expect(items.map(({ label }) => label)).toEqual([
      'Something is unhealthy',
      'bot.service on web-1 && co failed ',
      undefined,
      'Open Quarterdeck',
      'Quit',
    ])
    click(items[1])
    click(items[3])
    click(items[4])
    expect(opened).toEqual(['/hosts/web-1', null])
    expect(quit).toHaveBeenCalledOnce()
  })

  it('never calls a state good that is not known', () => {
    const [first] = trayMenu({ state: 'unknown', lines: [] }, { open: () => {}, quit: () => {} })
    expect(first?.label).toBe('Nothing is known yet')
  })
})

describe('menuTemplate', () => {
  const flat = (items: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    items.flatMap(item => [item, ...(Array.isArray(item.submenu) ? flat(item.submenu) : [])])

  it.each([true, false])('has each command once with its accelerator (mac: %s)', mac => {
    const commands: string[] = []
    const items = flat(
      menuTemplate({ command: command => commands.push(command), openLogs: () => {}, quit: () => {} }, false, mac),
    )
    const accelerators = items.flatMap(({ accelerator }) => accelerator ?? [])
    expect([...accelerators].sort()).toEqual([
      'CmdOrCtrl+,',
      'CmdOrCtrl+/',
      'CmdOrCtrl+K',
      'CmdOrCtrl+N',
      'CmdOrCtrl+Q',
    ])
    for (const item of items) click(item)
    expect(commands.sort()).toEqual(['add-host', 'palette', 'settings', 'shortcuts'])
  })

  it('offers developer tools in development only', () => {
    const actions = { command: () => {}, openLogs: () => {}, quit: () => {} }
    const roles = (development: boolean) => flat(menuTemplate(actions, development, false)).map(({ role }) => role)
    expect(roles(true)).toContain('toggleDevTools')
    expect(roles(false)).not.toContain('toggleDevTools')
    expect(roles(false)).not.toContain('reload')
  })
})
