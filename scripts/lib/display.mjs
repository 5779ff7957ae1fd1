// Starts a virtual display for window tests on a number that the X server itself finds free.
import { spawn } from 'node:child_process'
import { SetupError } from './environment.mjs'

/** Starts Xvfb and resolves to `{display, stop()}`. */
export function startDisplay({ size = '1600x1000x24' } = {}) {
  return new Promise((resolve, reject) => {
    // A server that resets itself when its last client leaves takes a client with it that is just connecting: hence -noreset.
    const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', size, '-nolisten', 'tcp', '-noreset'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    const stop = () => {
      process.off('exit', stop)
      server.kill('SIGTERM')
    }
    process.once('exit', stop)
    let text = ''
    server.stdio[3].on('data', chunk => {
      text += chunk
      if (text.endsWith('\n')) resolve({ display: `:${text.trim()}`, stop })
    })
    server.once('error', error => reject(new SetupError(`Xvfb could not be started: ${error.message}`)))
    server.once('exit', code => reject(new SetupError(`Xvfb ended at once (code ${code}).`)))
  })
}
