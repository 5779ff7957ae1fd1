// Fetches a pinned npm package, checks its sha512 and unpacks it so that an interrupted run leaves nothing half done.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { npm, SetupError } from './environment.mjs'

/** The Subresource-Integrity string (`sha512-…`) of a file. */
export function integrityOf(file) {
  return `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
}

/** Downloads `name@version` into `folder` with the npm client and returns the tarball, whose integrity it has checked. */
export function fetchPackage(pin, folder) {
  const printed = npm(['pack', `${pin.name}@${pin.version}`, '--silent', '--pack-destination', folder], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const tarball = join(folder, printed.trim().split('\n').at(-1) ?? '')
  verify(tarball, pin)
  return tarball
}

/** Refuses a tarball that is not byte for byte the one that was pinned. */
export function verify(tarball, { name, version, integrity }) {
  const actual = integrityOf(tarball)
  if (actual === integrity) return
  throw new SetupError(`${name}@${version} is not the package that was pinned: expected ${integrity}, got ${actual}.`)
}

/** Unpacks a .tar.gz with the system's tar (present on Linux, macOS and Windows 10+). */
export function unpack(tarball, folder, options = []) {
  mkdirSync(folder, { recursive: true })
  // tar's warnings about unknown headers run to thousands of lines; piped, they are part of the error if it fails.
  execFileSync('tar', ['-xzf', tarball, '-C', folder, '--no-same-owner', ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/**
 * Makes `target` by `fill(temporaryFolder)` and one rename: whoever sees `target` sees it whole.
 * `fill` returns the folder to publish. Two runs at once are fine: the second finds the first one's result.
 * @param {string} target
 * @param {(folder: string) => string | Promise<string>} fill
 */
export async function publish(target, fill) {
  const parent = dirname(target)
  mkdirSync(parent, { recursive: true })
  removeStale(parent)
  const temporary = mkdtempSync(join(parent, prefix))
  try {
    const ready = await fill(temporary)
    try {
      renameSync(ready, target)
    } catch (error) {
      // EXDEV cannot happen inside one parent unless a mount lies between; the others mean that somebody else was faster.
      if (error.code === 'EXDEV') cpSync(ready, target, { recursive: true })
      else if (!existsSync(target)) throw error
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

const prefix = '.part-'
const staleAfter = 60 * 60 * 1000

// A run that was killed leaves its temporary folder; an hour later nobody can still be using it.
function removeStale(parent) {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(prefix)) continue
    const path = join(parent, name)
    if (Date.now() - statSync(path).mtimeMs > staleAfter) rmSync(path, { recursive: true, force: true })
  }
}
