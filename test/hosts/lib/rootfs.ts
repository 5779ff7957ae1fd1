// Finds or builds the cached root file system of a Debian release; must not know about running hosts.

import { existsSync } from 'node:fs'
import { mkdir, utimes } from 'node:fs/promises'
import path from 'node:path'
import { buildScript, cacheDir } from './paths.ts'
import { recipeFor, recipeName, type Suite, suites } from './recipe.ts'
import { run } from './run.ts'

/** The folder of a suite's root file system, built first where it is missing. Other processes that want it too wait for the same build. */
export async function ensureRootfs(suite: Suite): Promise<string> {
  const recipe = recipeFor(suite)
  const name = recipeName(recipe)
  const folder = path.join(cacheDir, 'rootfs', name)
  if (!existsSync(folder)) {
    if (process.getuid?.() !== 0)
      throw new Error('test hosts need root, on a Debian machine with debootstrap and systemd-container')
    await mkdir(cacheDir, { recursive: true })
    const build = [
      'sh',
      buildScript,
      cacheDir,
      name,
      suite,
      recipe.packages.join(','),
      recipe.prepare,
      recipe.customise,
    ]
    await run(['flock', path.join(cacheDir, `${suite}.lock`), ...build])
  }
  await utimes(folder, new Date(), new Date())
  return folder
}

/** All three at once, for set-up scripts. */
export async function ensureAllRootfs(): Promise<void> {
  await Promise.all(suites.map(ensureRootfs))
}
