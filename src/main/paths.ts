// Where the app keeps its own files: all of it under one folder. Knows nothing of what is kept there.
import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { app } from 'electron'

export interface Paths {
  /** The engine's database, the logs and the shell's own state live here. */
  readonly home: string
  readonly logs: string
  readonly engineEntry: string
  readonly preload: string
  readonly renderer: string
  readonly resources: string
  /** For the engine's compiled code; null where nothing that is kept there would be found again. */
  readonly codeCache: string | null
}

/** Settles all folders; before the app is ready and before anything else asks Electron for a path. */
export function settlePaths(env: NodeJS.ProcessEnv = process.env): Paths {
  const given = env.QUARTERDECK_HOME
  const home = given ? resolve(given) : app.getPath('userData')
  const logs = join(home, 'logs')
  const session = join(home, 'session')
  for (const folder of [home, session]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  app.setPath('userData', home)
  // Chromium's profile (caches, preferences) apart from our own files, so that a person can tell what matters.
  app.setPath('sessionData', session)
  app.setPath('crashDumps', join(home, 'crashes'))
  app.setAppLogsPath(logs)
  const root = app.getAppPath()
  return {
    home,
    logs,
    engineEntry: unpacked(join(root, 'out', 'engine', 'index.cjs')),
    preload: join(root, 'out', 'preload', 'index.cjs'),
    renderer: join(root, 'out', 'renderer'),
    resources: join(root, 'resources'),
    // Node finds what it kept by the path of the code, and an AppImage lies at a new one at each start.
    codeCache: env.APPIMAGE ? null : join(session, 'Engine Code Cache'),
  }
}

// In a packaged app the engine lies beside the archive: another Node could not read inside it.
function unpacked(path: string): string {
  const outside = path.replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked')
  return existsSync(outside) ? outside : path
}
