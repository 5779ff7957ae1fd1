// The application menu and its accelerators; what they mean is decided by the page.
import { Menu, type MenuItemConstructorOptions } from 'electron'

export type MenuCommand = 'palette' | 'shortcuts' | 'settings' | 'add-host'

export interface MenuActions {
  readonly command: (command: MenuCommand) => void
  readonly openLogs: () => void
  readonly quit: () => void
}

/** Sets the menu of all windows. */
export function setMenu(actions: MenuActions, development: boolean): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(actions, development, process.platform === 'darwin')))
}

export function menuTemplate(actions: MenuActions, development: boolean, mac: boolean): MenuItemConstructorOptions[] {
  const item = (label: string, accelerator: string, command: MenuCommand): MenuItemConstructorOptions => ({
    label,
    accelerator,
    click: () => actions.command(command),
  })
  const quit: MenuItemConstructorOptions = { label: 'Quit', accelerator: 'CmdOrCtrl+Q', click: () => actions.quit() }
  const settings = item('Settings', 'CmdOrCtrl+,', 'settings')
  return [
    ...(mac
      ? [
          {
            label: 'Quarterdeck',
            submenu: [
              { role: 'about' },
              settings,
              { type: 'separator' },
              { role: 'hide' },
              { role: 'hideOthers' },
              { type: 'separator' },
              quit,
            ],
          } satisfies MenuItemConstructorOptions,
        ]
      : []),
    {
      label: 'File',
      submenu: [
        item('Add host', 'CmdOrCtrl+N', 'add-host'),
        ...(mac ? [] : [settings]),
        { type: 'separator' },
        { role: 'close', label: 'Close window' },
        ...(mac ? [] : [quit]),
      ],
    },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        item('Command palette', 'CmdOrCtrl+K', 'palette'),
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(development
          ? ([{ type: 'separator' }, { role: 'reload' }, { role: 'toggleDevTools' }] as MenuItemConstructorOptions[])
          : []),
      ],
    },
    {
      label: 'Help',
      submenu: [
        item('Keyboard shortcuts', 'CmdOrCtrl+/', 'shortcuts'),
        { label: 'Open the folder with the logs', click: () => actions.openLogs() },
      ],
    },
  ]
}
