// Runs programs for the scripts: streaming, with a time limit, ended as a whole group, and never left behind after Ctrl-C.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root, SetupError } from './environment.mjs'

// A process group of its own per program; Windows has none.
const groups = process.platform !== 'win32'
const running = new Set()
const killAfter = 20_000

/**
 * Runs a program to its end and resolves to `{code, signal, timedOut}`. When `timeout` (ms) is over or this process is asked to end, it is
 * ended as Ctrl-C would do it, so that test hosts and windows are taken down, and for good a little later. `alone`: only the program itself
 * is asked and looks after its children (the app); otherwise its whole group is.
 */
export function runProgram(file, args, { env = process.env, timeout = 0, cwd = root, stdio, alone = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, detached: groups, stdio: stdio ?? ['ignore', 'inherit', 'inherit'] })
    let timedOut = false
    const timers = []
    const end = signal => {
      kill(child, signal, !alone)
      timers.push(setTimeout(() => kill(child, 'SIGKILL', true), killAfter))
    }
    if (timeout > 0) {
      const limit = setTimeout(() => {
        timedOut = true
        end('SIGINT')
      }, timeout)
      timers.push(limit)
    }
    running.add(end)
    const settle = () => {
      for (const timer of timers) clearTimeout(timer)
      running.delete(end)
    }
    child.on('error', error => {
      settle()
      reject(new SetupError(`${file} could not be started: ${error.message}`))
    })
    child.on('close', (code, signal) => {
      settle()
      // What the program left in its group (a hung window, a watcher) would stand in the way of the next part.
      if (timedOut || interrupted) kill(child, 'SIGKILL', true)
      resolve({ code, signal, timedOut })
    })
  })
}

/** Runs one of the packages' programs (vite, vitest, biome …) under the Node that set-up found. */
export function runPackage(node, [name, script], args, options) {
  return runProgram(node, [join(root, 'node_modules', name, script), ...args], options)
}

/** Whether the user or the machine asked this run to end. */
export let interrupted = null

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // The second time at once: whoever asks twice does not want to wait.
    if (interrupted || running.size === 0) process.exit(130)
    interrupted = signal
    for (const end of running) end(signal)
  })
}

function kill(child, signal, group) {
  try {
    if (group && groups) process.kill(-child.pid, signal)
    else child.kill(signal)
  } catch {
    // It has ended by itself.
  }
}
