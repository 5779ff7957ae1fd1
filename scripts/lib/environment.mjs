// Says where things live on this machine (repository, cache, platform), so that no other script builds such paths; changes nothing.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The folder for what set-up fetches; outside the repository, so that clones share it. */
export function cacheFolder(env = process.env, platform = process.platform) {
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'quarterdeck')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'quarterdeck')
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'quarterdeck', 'cache')
  return join(homedir(), '.cache', 'quarterdeck')
}

export const isRoot = () => process.getuid?.() === 0
export const isCi = (env = process.env) => Boolean(env.CI) && env.CI !== 'false' && env.CI !== '0'
export const hasDisplay = (env = process.env, platform = process.platform) =>
  platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)

export const isDebian = () => process.platform === 'linux' && existsSync('/etc/debian_version') && hasCommand('apt-get')

/** Whether a command is on PATH. */
export function hasCommand(name, env = process.env) {
  return (env.PATH ?? '')
    .split(process.platform === 'win32' ? ';' : ':')
    .some(folder => folder && existsSync(join(folder, name)))
}

/** npm as something that can be spawned without a shell: the npm that started us, else the one beside node, else by name. */
export function npm(args, options = {}) {
  const cli = process.env.npm_execpath
  const [file, rest] = cli?.endsWith('.js') ? [process.execPath, [cli, ...args]] : ['npm', args]
  return execFileSync(file, rest, { shell: process.platform === 'win32' && file === 'npm', ...options })
}

/** An expected failure of set-up: printed as its message alone, without a stack. */
export class SetupError extends Error {}
