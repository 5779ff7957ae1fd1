// The engine's command line: one look at all hosts without a window. Prints and exits; decides nothing about hosts.
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AppError } from '../shared/errors.ts'
import { isSettled, overallStatus, statusOf } from './domain/status-report.ts'
import { createEngine } from './engine.ts'
import { sleep, systemClock } from './lib/clock.ts'
import { createLogger, Redactor } from './lib/log.ts'
import { headlessNative } from './runtime/native-client.ts'

const usage = `Usage: quarterdeck status [--json] [--data DIRECTORY] [--timeout SECONDS] [--passphrase-stdin] [--verbose]

  status               connects to every configured host once and says how it is
  --json               as one JSON object: overall_status, timestamp, hosts
  --data DIRECTORY     where Quarterdeck keeps its data (default: as the app does)
  --timeout SECONDS    how long to wait for the hosts (default 20)
  --passphrase-stdin   reads the vault's passphrase from standard input, where the vault has one
  --verbose            logs to standard error

Exit code: 0 healthy, 1 degraded or unknown, 2 unhealthy, 64 wrong usage, 70 could not run.`

async function main(): Promise<number> {
  const { values, positionals } = parse()
  if (values.help) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  const timeout = Number(values.timeout)
  if (positionals.length !== 1 || positionals[0] !== 'status' || !Number.isFinite(timeout) || timeout <= 0) {
    process.stderr.write(`${usage}\n`)
    return 64
  }
  const redactor = new Redactor()
  const log = createLogger({
    sink: line => process.stderr.write(`${line}\n`),
    now: () => systemClock.now(),
    level: values.verbose ? 'debug' : 'error',
    redactor,
  })
  const engine = await createEngine({
    dataDirectory: values.data ?? defaultDataDirectory(),
    version: '0.1.0',
    native: headlessNative(log),
    clock: systemClock,
    log,
    redactor,
    onlyLook: true,
  })
  try {
    const { fleet, vault } = engine.services
    if (values['passphrase-stdin']) {
      await vault.unlock(await readLine())
      fleet.onVaultUnlocked()
    }
    const deadline = systemClock.monotonic() + timeout * 1_000
    const settled = (): boolean =>
      fleet.views().every(view => isSettled(view, scope => fleet.session(view.host.id).units.manager(scope) !== null))
    while (!settled() && systemClock.monotonic() < deadline) await sleep(systemClock, 50)
    const hosts = fleet.views().map(view => statusOf(view, fleet.session(view.host.id).units.list()))
    const overall = overallStatus(hosts)
    if (values.json) {
      const timestamp = new Date(systemClock.now()).toISOString()
      process.stdout.write(`${JSON.stringify({ overall_status: overall, timestamp, hosts }, null, 2)}\n`)
    } else {
      for (const host of hosts) process.stdout.write(`${host.status.padEnd(9)} ${host.name}: ${host.message}\n`)
      process.stdout.write(`\n${overall}\n`)
    }
    return overall === 'healthy' ? 0 : overall === 'unhealthy' ? 2 : 1
  } finally {
    await engine.dispose()
  }
}

function parse() {
  return parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      data: { type: 'string' },
      timeout: { type: 'string', default: '20' },
      'passphrase-stdin': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
}

/** Where the app keeps its data, without Electron to ask. */
function defaultDataDirectory(): string {
  const home = homedir()
  if (process.env.QUARTERDECK_HOME) return process.env.QUARTERDECK_HOME
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'Quarterdeck')
  if (process.platform === 'win32') return join(process.env.APPDATA ?? join(home, 'AppData', 'Roaming'), 'Quarterdeck')
  return join(process.env.XDG_CONFIG_HOME ?? join(home, '.config'), 'Quarterdeck')
}

async function readLine(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin) {
    text += String(chunk)
    if (text.includes('\n') || text.length > 4096) break
  }
  return text.split('\n')[0] ?? ''
}

main().then(
  code => process.exit(code),
  caught => {
    if (caught instanceof TypeError && 'code' in caught && String(caught.code).startsWith('ERR_PARSE_ARGS')) {
      process.stderr.write(`${caught.message}\n\n${usage}\n`)
      process.exit(64)
    }
    const error = AppError.from(caught)
    process.stderr.write(`${error.message}${error.hint ? `\n${error.hint}` : ''}\n`)
    process.exit(70)
  },
)
