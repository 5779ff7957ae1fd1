// The tray icon: the worst state at a glance, and a menu of what is wrong. Knows nothing of how a state comes about.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Menu, type MenuItemConstructorOptions, nativeImage, Tray } from 'electron'
import type { TraySummary } from '../shared/contract/native.ts'

const words: Record<TraySummary['state'], string> = {
  healthy: 'All is well',
  degraded: 'Something is degraded',
  unhealthy: 'Something is unhealthy',
  maintenance: 'Under maintenance',
  unknown: 'Nothing is known yet',
}

export interface AppTray {
  set(summary: TraySummary): void
  dispose(): void
}

export interface TrayOptions {
  readonly resources: string
  readonly open: (route: string | null) => void
  readonly quit: () => void
}

/** Shows the icon; null where this desktop has no place for one. */
export function createTray(options: TrayOptions): AppTray | null {
  const image = (state: TraySummary['state']) => {
    const file = join(options.resources, `tray-${state}.png`)
    return existsSync(file) ? nativeImage.createFromPath(file) : nativeImage.createEmpty()
  }
  let tray: Tray
  try {
    tray = new Tray(image('unknown'))
  } catch {
    return null
  }
  const set = (summary: TraySummary): void => {
    tray.setImage(image(summary.state))
    tray.setToolTip(`Quarterdeck: ${words[summary.state]}`)
    tray.setContextMenu(Menu.buildFromTemplate(trayMenu(summary, options)))
  }
  tray.on('click', () => options.open(null))
  set({ state: 'unknown', lines: [] })
  return { set, dispose: () => tray.destroy() }
}

/** The menu's lines: the state in words, what is wrong, Open, Quit. */
export function trayMenu(
  summary: TraySummary,
  options: Pick<TrayOptions, 'open' | 'quit'>,
): MenuItemConstructorOptions[] {
  return [
    { label: words[summary.state], enabled: false },
    ...summary.lines.map(line => ({ label: escapeLabel(line.text), click: () => options.open(line.route) })),
    { type: 'separator' },
    { label: 'Open Quarterdeck', click: () => options.open(null) },
    { label: 'Quit', click: () => options.quit() },
  ]
}

// "&" marks an access key in a label, and names come from hosts.
function escapeLabel(text: string): string {
  return text.replace(/\p{Cc}|\p{Cf}/gu, ' ').replaceAll('&', '&&')
}
