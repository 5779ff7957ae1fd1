// The engine's process: ties the shell's ports to an engine and ends with the shell. Decides nothing.
import { nativeContract } from '../shared/contract/native.ts'
import { AppError } from '../shared/errors.ts'
import { connect } from '../shared/rpc/client.ts'
import { engineProcessPorts, longGraceMs } from '../shared/rpc/engine-link.ts'
import { createEnding } from './ending.ts'
import { createEngine, type Engine } from './engine.ts'
import { systemClock } from './lib/clock.ts'
import { createLogger, Redactor } from './lib/log.ts'
import { nativeOver } from './runtime/native-client.ts'

async function main(): Promise<void> {
  const ports = engineProcessPorts()
  const redactor = new Redactor()
  const log = createLogger({
    sink: line => process.stdout.write(`${line}\n`),
    now: () => systemClock.now(),
    redactor,
  })
  let engine: Engine | null = null
  const ending = createEnding({
    end: async (why, graceMs) => {
      log.info('ending', { why })
      await engine?.dispose(graceMs)
    },
    exit: () => process.exit(0),
    signalGraceMs: longGraceMs,
  })
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => ending.signal(name))
  process.on('uncaughtException', error => {
    log.error('uncaught', { error: error.stack ?? String(error) })
    process.exit(70)
  })
  process.on('unhandledRejection', error => {
    log.error('unhandled rejection', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    process.exit(70)
  })
  void ports.parentGone.then(() => ending.request('the shell is gone'))

  const init = await ports.init
  const native = connect(nativeContract, ports.native)
  native.on('engine.stop', ({ graceMs }) => ending.request('asked to', graceMs))
  try {
    engine = await createEngine({
      dataDirectory: init.dataDirectory,
      version: init.version,
      native: nativeOver(native, log),
      clock: systemClock,
      log,
      redactor,
    })
  } catch (caught) {
    // e.g. a database from a newer version: windows are told why, and nothing is touched
    const error = AppError.from(caught)
    log.error('cannot start', { code: error.code, message: error.message })
    const { serveStartFailure } = await import('./start-failure.ts')
    ports.onWindowPort(port => serveStartFailure(port, error))
    return
  }
  const started = engine
  native.on('power.changed', change => started.onPower(change))
  ports.onWindowPort(port => started.attach(port))
  log.info('ready', { version: init.version })
}

void main()
