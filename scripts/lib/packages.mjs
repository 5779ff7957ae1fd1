// Installs the npm packages when node_modules is not what the lock file says; knows nothing of runtimes.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm, root, SetupError } from './environment.mjs'

/**
 * Why node_modules is not what package-lock.json says, or null when it is.
 * npm writes node_modules/.package-lock.json last, so an interrupted `npm ci` is seen, and so is one that was run by hand.
 */
export function packagesProblem(folder = root) {
  const wanted = read(join(folder, 'package-lock.json'))
  if (!wanted) throw new SetupError('package-lock.json is missing.')
  const installed = read(join(folder, 'node_modules', '.package-lock.json'))
  if (!installed) return 'packages are not installed'
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (path === '') continue
    const found = installed.packages[path]
    if (!found) {
      if (entry.optional) continue // for another platform
      return `${path} is missing`
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) return `${path} is not ${entry.version}`
    if (!existsSync(join(folder, path, 'package.json'))) return `${path} is missing`
  }
  return null
}

/** Runs `npm ci` if needed. Interrupted, it is needed again: npm removes node_modules first and writes its record last. */
export function ensurePackages(say, folder = root) {
  const problem = packagesProblem(folder)
  if (!problem) return
  say(`Installing packages (${problem}) …`)
  try {
    // No package of ours needs its install script, and npm before 11 would run compilers for native parts that we leave out.
    npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  } catch {
    throw new SetupError('npm ci failed; its own message is above.')
  }
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}
