// Whether a SQLite file on the host is whole, how large it is and what a query on it says; changes nothing in it.
import { z } from 'zod'
import { explain, meets } from '../parse/expectation.ts'
import { checkType, type ProbeContext, type ProbeResult, unknownBecause } from './check.ts'

/** Each answer on its own line behind a word, so that both ways speak the same. Arguments: file, query. */
const python = `
import sqlite3, os, sys, json
path, query, whole = sys.argv[1], sys.argv[2], sys.argv[3]
try:
    print('size', os.stat(path).st_size)
    from urllib.request import pathname2url
    db = sqlite3.connect('file:' + pathname2url(path) + '?mode=ro', uri=True, timeout=5)
    if whole == '1':
        print('check', json.dumps('; '.join(str(row[0]) for row in db.execute('PRAGMA quick_check(5)'))))
    if query:
        row = db.execute(query).fetchone()
        print('result', json.dumps('' if row is None else '' if row[0] is None else str(row[0])))
except Exception as error:
    print('error', json.dumps(type(error).__name__ + ': ' + str(error)))
`
const shell = `
printf 'size '; stat -c %s -- "$1" || { echo 'error "the file cannot be read"'; exit 0; }
if [ "$3" = 1 ]; then printf 'check '; sqlite3 -readonly -batch -cmd '.timeout 5000' "$1" 'PRAGMA quick_check(5)' 2>&1 | tr '\\n' ' '; echo; fi
if [ -n "$2" ]; then printf 'result '; sqlite3 -readonly -batch -noheader -cmd '.timeout 5000' "$1" "$2" 2>&1 | head -n 1; fi
`
const choose = `
if command -v python3 >/dev/null && python3 -c 'import sqlite3' 2>/dev/null; then exec python3 -c "$1" "$3" "$4" "$5"
elif command -v sqlite3 >/dev/null; then exec sh -c "$2" sh "$3" "$4" "$5"
else exit 97; fi
`

export const sqlite = checkType({
  type: 'sqlite',
  title: 'SQLite file',
  description: 'A database file is whole (PRAGMA quick_check), not too large, and answers a query as expected.',
  spec: z.object({
    path: z.string().trim().startsWith('/', 'A whole path like /srv/bot/bot.db').max(4_000).meta({ title: 'File' }),
    integrity: z.boolean().default(true).meta({
      title: 'Check that it is whole',
      description: 'Reads all of it; leave it out for files of many gigabytes',
    }),
    maxMegabytes: z.number().min(0).nullable().default(null).meta({ title: 'Size at most', unit: 'MB' }),
    query: z
      .string()
      .trim()
      .max(4_000)
      .refine(text => text === '' || /^(select|with|pragma|values)\b/i.test(text), 'A query begins with SELECT')
      .default('')
      .meta({ title: 'Query', placeholder: 'SELECT count(*) FROM users' }),
    expected: z.string().max(400).default('').meta({
      title: 'Expected result',
      description: 'Of the first column: 42, > 0, != error',
    }),
    asRoot: z.boolean().default(false).meta({ title: 'Read it as root', description: 'By sudo' }),
  }),
  vantages: ['host'],
  needsUnit: false,
  addable: true,
  mode: 'probe',
  ownMatter: true,
  defaults: {
    intervalSeconds: 300,
    timeoutSeconds: 60,
    failureThreshold: 2,
    recoveryThreshold: 1,
    forSeconds: 0,
    severity: 'critical',
  },
  async probe(context, spec): Promise<ProbeResult> {
    let output: string
    try {
      const ran = await run(context, spec)
      if (typeof ran !== 'string') return ran
      output = ran
    } catch (error) {
      return context.signal.aborted ? tooSlow(spec.path) : unknownBecause(error)
    }
    const found = new Map(output.split('\n').map(line => splitWord(line)))
    const size = Number(found.get('size') ?? Number.NaN)
    const numbers = Number.isFinite(size) ? [{ name: 'size', value: size }] : []
    const trouble = (message: string, cause: ProbeResult['cause'] = 'health'): ProbeResult => ({
      status: 'unhealthy',
      message: `${spec.path}: ${message}`.slice(0, 2_000),
      cause,
      numbers,
    })
    const error = textOf(found.get('error'))
    if (error !== null) {
      if (/permission denied/i.test(error))
        return { status: 'unknown', message: `${spec.path} may not be read; try "as root"`, cause: 'host', numbers }
      return trouble(error, 'other')
    }
    const whole = textOf(found.get('check'))
    if (spec.integrity && whole !== 'ok') return trouble(`[QUICK_CHECK] (${whole ?? 'no answer'}) == ok`, 'other')
    if (spec.maxMegabytes !== null && size > spec.maxMegabytes * 1024 * 1024)
      return trouble(`[SIZE] (${(size / 1024 / 1024).toFixed(1)} MB) <= ${spec.maxMegabytes} MB`, 'disk')
    const parts = [`${spec.path}: ${(size / 1024 / 1024).toFixed(1)} MB${spec.integrity ? ', whole' : ''}`]
    if (spec.query !== '') {
      const result = textOf(found.get('result')) ?? ''
      if (!meets(result, spec.expected)) return trouble(explain('RESULT', result, spec.expected))
      parts.push(explain('RESULT', result, spec.expected))
      if (result !== '' && Number.isFinite(Number(result))) numbers.push({ name: 'result', value: Number(result) })
    }
    return { status: 'healthy', message: parts.join('; '), cause: null, numbers }
  },
})

async function run(
  context: ProbeContext,
  spec: { path: string; query: string; integrity: boolean; asRoot: boolean },
): Promise<string | ProbeResult> {
  const args = [python, shell, spec.path, spec.query, spec.integrity ? '1' : '0']
  const result = await context.exec(['sh', '-c', choose, 'sh', ...args], {
    sudo: spec.asRoot,
    maxBytes: 65_536,
    timeout: 300_000,
  })
  if (result.exit === 97) {
    const message = 'Neither python3 nor sqlite3 is installed on the host. On Debian: sudo apt install sqlite3'
    return { status: 'unknown', message, cause: 'host' }
  }
  if (context.signal.aborted) return tooSlow(spec.path)
  if (result.lost) return { status: 'unknown', message: 'The connection was lost meanwhile', cause: 'network' }
  const text = Buffer.from(result.stdout).toString('utf8')
  if (result.exit === 0) return text
  const why = Buffer.from(result.stderr).toString('utf8').trim().slice(0, 500)
  return { status: 'unknown', message: `The look at the file failed: ${why || `exit ${result.exit}`}`, cause: 'host' }
}

const tooSlow = (path: string): ProbeResult => ({
  status: 'unhealthy',
  message: `${path} was not read through in time`,
  cause: 'health',
})

function splitWord(line: string): [string, string] {
  const at = line.indexOf(' ')
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).trim()]
}

/** Python writes JSON, the shell plain text. */
function textOf(value: string | undefined): string | null {
  if (value === undefined) return null
  if (!value.startsWith('"')) return value
  try {
    return String(JSON.parse(value))
  } catch {
    return value
  }
}
