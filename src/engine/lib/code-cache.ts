// Lets Node keep compiled code in a folder of ours; goes on without where that cannot be. Knows nothing of what is compiled.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { join } from 'node:path'

/** Of what is loaded from now on; the folder above has to be there. What another version of Node left there is removed. Never throws. */
export function keepCompiled(folder: string): void {
  try {
    // Node, which makes those above it too, tries for ever where a file system makes none
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 })
    enableCompileCache(folder)
    const own = getCompileCacheDir()
    if (own === undefined) return
    for (const name of readdirSync(folder))
      if (join(folder, name) !== own) rmSync(join(folder, name), { recursive: true, force: true })
  } catch {
    // it is compiled anew at each start
  }
}
