// All that a window may ask of the Electron shell around it; knows nothing of hosts.
import { z } from 'zod'
import { type Contract, command, event, query } from './define.ts'

/** A place in the app, as in the address after `#`: `/hosts/web-1/services`. */
export const RoutePath = z
  .string()
  .max(512)
  .regex(/^\/[^\s]*$/, 'not a route')

export const EngineProcessState = z.object({
  state: z.enum(['starting', 'running', 'crashed', 'stopped']),
  since: z.number(),
  /** How many times in a row it died without staying up for a minute. */
  crashes: z.number().int(),
  /** When it will be started again (wall ms). */
  nextStartAt: z.number().nullable(),
})
export type EngineProcessState = z.infer<typeof EngineProcessState>

export const About = z.object({
  version: z.string(),
  electron: z.string(),
  chrome: z.string(),
  node: z.string(),
  platform: z.string(),
  dataDirectory: z.string(),
  /** A development-only runtime is in use: which one. */
  developmentRuntime: z.string().nullable(),
})
export type About = z.infer<typeof About>

export const shellContract = {
  'app.about': query(z.void(), About),
  'app.openLogs': command(z.void(), z.void()),
  'app.quit': command(z.void(), z.void()),
  /** Asks for a private key file by the system's dialog; null when cancelled. Only the path comes back. */
  'dialog.chooseKeyFile': command(z.void(), z.string().nullable()),
  /** Asks for a folder; null when cancelled. */
  'dialog.chooseFolder': command(z.void(), z.string().nullable()),
  /** Asks for a file to read; null when cancelled. Only the path comes back. */
  'dialog.chooseFile': command(z.void(), z.string().nullable()),
  /** Asks where a file that is not there yet is to be written. */
  'dialog.chooseNewFile': command(z.object({ suggestedName: z.string().min(1).max(200) }), z.string().nullable()),
  /** Saves text where the person says; the path, or null when cancelled. */
  'dialog.saveText': command(
    z.object({ suggestedName: z.string().min(1).max(200), text: z.string().max(256 * 1024 * 1024) }),
    z.string().nullable(),
  ),
  'clipboard.writeText': command(z.string().max(4 * 1024 * 1024), z.void()),
  'window.setTheme': command(z.enum(['system', 'light', 'dark']), z.void()),
  'engine.state': query(z.void(), EngineProcessState),
  'engine.stateChanged': event(EngineProcessState),
  'engine.restart': command(z.void(), z.void()),
  /** A click on a notification, the tray or the menu leads to a place in the app. */
  'route.open': event(RoutePath),
  /** A menu item or accelerator asks the window for something. */
  'menu.command': event(z.enum(['palette', 'shortcuts', 'settings', 'add-host'])),
} as const satisfies Contract
export type ShellContract = typeof shellContract
