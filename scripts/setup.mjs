// Makes a fresh clone ready to start or to test, with plain Node ≥ 20 and no packages; runs again in a moment when all is there.
import { delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureElectron, fallbackNotice, findElectron } from './lib/electron-runtime.mjs'
import { root, SetupError } from './lib/environment.mjs'
import { ensureNode, findNode } from './lib/node-runtime.mjs'
import { ensurePackages } from './lib/packages.mjs'
import { ensureSystemPackages } from './lib/system-packages.mjs'

/** One line of set-up's own speech; standard error, so that a script's output stays its own. */
export const say = line => process.stderr.write(`${line}\n`)

/**
 * Brings everything here that is missing and returns what to run with: `{node, electron: {kind, path, version, engineNode}}`.
 * @param {{system?: boolean, electron?: boolean, retry?: boolean}} options system: also the system packages of the tests
 */
export async function setup({ system = false, electron = true, retry = false } = {}) {
  ensurePackages(say)
  const node = await ensureNode(say)
  if (system) ensureSystemPackages(say)
  if (!electron) return { node, electron: null }
  const runtime = await ensureElectron(say, { node, retry })
  const notice = fallbackNotice(runtime)
  if (notice) say(notice)
  return { node, electron: runtime }
}

/**
 * What a process needs in its environment to find these runtimes: tools by PATH, electron-vite by ELECTRON_EXEC_PATH, electron's own
 * command line and Playwright by ELECTRON_OVERRIDE_DIST_PATH, the app by QUARTERDECK_ENGINE_NODE.
 * @returns {Record<string, string | undefined>}
 */
export function runtimeEnvironment({ node, electron }, env = process.env) {
  const result = { ...env, PATH: [dirname(node), join(root, 'node_modules', '.bin'), env.PATH].join(delimiter) }
  if (electron) {
    result.ELECTRON_EXEC_PATH = electron.path
    if (electron.kind !== 'official') result.ELECTRON_OVERRIDE_DIST_PATH = dirname(electron.path)
    if (electron.engineNode) result.QUARTERDECK_ENGINE_NODE = node
  }
  delete result.ELECTRON_RUN_AS_NODE
  return result
}

/** The runtimes that set-up has left here, without fetching anything; null where set-up has to run first. */
export function findRuntimes() {
  const node = findNode()
  const electron = findElectron()
  return node && electron ? { node, electron } : null
}

/** Runs a script's main function: an expected failure is one sentence and exit code 1. */
export async function run(main) {
  try {
    process.exitCode = (await main(process.argv.slice(2))) ?? 0
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(error.message)
    process.exitCode = 1
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await run(async args => {
    const started = performance.now()
    const { node, electron } = await setup({ system: args.includes('--system'), retry: args.includes('--retry') })
    say(
      `Ready in ${((performance.now() - started) / 1000).toFixed(1)} s: Node ${node}, Electron ${electron.version} (${electron.kind}) ${electron.path}`,
    )
  })
}
