// Gives back the space that a SQLite file no longer needs and renews its statistics, while programs use it; never works on a damaged one.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { answerOf, evidenceOfWork, megabytes } from '../lib/command-evidence.ts'
import { sqliteTool } from '../lib/sqlite-tool.ts'
import { commandText } from '../parse/command-text.ts'
import { parseSqliteHeader } from '../parse/sqlite-header.ts'
import { type HostActionContext, hostActionType, type StepResult } from './action.ts'

const works = {
  'vacuum-analyze': ['VACUUM', 'ANALYZE'],
  vacuum: ['VACUUM'],
  analyze: ['ANALYZE'],
  optimize: ['PRAGMA optimize'],
} as const

const Spec = z.object({
  path: z
    .string()
    .trim()
    .regex(/^\/[^\0\n]*$/, 'A whole path like /srv/bot/bot.db')
    .max(4_000)
    .meta({ title: 'File', description: 'A whole path like /srv/bot/bot.db' }),
  work: z
    .enum(['vacuum-analyze', 'vacuum', 'analyze', 'optimize'])
    .default('vacuum-analyze')
    .meta({
      title: 'What to do',
      labels: {
        'vacuum-analyze': 'VACUUM and ANALYZE',
        vacuum: 'VACUUM: give back space',
        analyze: 'ANALYZE: renew statistics',
        optimize: 'PRAGMA optimize: only where statistics are old',
      },
    }),
  sudo: z.boolean().default(false).meta({ title: 'As root, by sudo' }),
  timeoutMinutes: z.number().int().min(1).max(1_440).default(120).meta({ title: 'Timeout', unit: 'min' }),
})
type Spec = z.output<typeof Spec>

/** argv: path. What there is, without opening it: nothing is locked, and no log is folded in. */
const look = String.raw`LC_ALL=C; export LC_ALL
${sqliteTool}
path=$(readlink -f -- "$1") || path=
[ -n "$path" ] && [ -e "$path" ] || { echo missing; exit 0; }
[ -f "$path" ] || { echo strange; exit 0; }
[ -r "$path" ] && [ -w "$path" ] || { echo denied; exit 0; }
tool; dir=$(dirname -- "$path")
echo "tool $tool"; echo "bytes $(stat -c %s -- "$path")"
[ -e "$path-wal" ] && echo "log $(stat -c %s -- "$path-wal")"
echo "head $(od -An -v -tx1 -N40 -- "$path" | tr -d ' \n')"
room() { echo "$1 $(df -Pk -- "$2" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')"; }
room room "$dir"
for temp in "$dir" "$TMPDIR" /var/tmp /usr/tmp /tmp; do [ -d "$temp" ] && [ -w "$temp" ] && [ -x "$temp" ] && break; done
[ "$(stat -c %d -- "$temp")" = "$(stat -c %d -- "$dir")" ] || { echo "tempdir $temp"; room temp "$temp"; }
exit 0`

// A damaged file is left as it is: what VACUUM writes anew of it would lack what cannot be read.
const python = `
import sqlite3, sys
from urllib.request import pathname2url
say = lambda *words: print(*[str(word).replace('\\n', ' ') for word in words], flush=True)
try:
    db = sqlite3.connect('file:' + pathname2url(sys.argv[1]) + '?mode=rw', uri=True, timeout=60, isolation_level=None)
    found = [row[0] for row in db.execute('PRAGMA integrity_check(5)')]
    if found != ['ok']:
        for one in found: say('damaged', one)
        sys.exit(0)
    say('sound')
    for work in sys.argv[2:]:
        db.execute(work).fetchall()
        say('did', work)
    db.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()
    db.close()
    say('end')
except sqlite3.Error as error: say('error', error)
`

/**
 * argv: path, the python, what to do. What SQLite writes beside it meanwhile lies in its own folder, where there was room; a file that went
 * since the look is not made anew.
 */
const perform = String.raw`LC_ALL=C; export LC_ALL
${sqliteTool}
path=$(readlink -f -- "$1") || path=; code=$2; shift 2
[ -n "$path" ] && [ -f "$path" ] || { echo 'error it is gone'; exit 0; }
SQLITE_TMPDIR=$(dirname -- "$path"); export SQLITE_TMPDIR
tool
case $tool in
python3) exec python3 -c "$code" "$path" "$@";;
sqlite3) uri=file:$(printf %s "$path" | sed 's/%/%25/g; s/?/%3f/g; s/#/%23/g')?mode=rw
  q() { sqlite3 -batch -bail -init /dev/null -noheader "$uri" '.timeout 60000' "$1" 2>&1; }
  found=$(q 'PRAGMA integrity_check(5)') || { echo "error $found" | tr '\n' ' '; exit 0; }
  [ "$found" = ok ] || { printf '%s\n' "$found" | sed 's/^/damaged /'; exit 0; }
  echo sound
  for work; do said=$(q "$work") || { echo "error $said" | tr '\n' ' '; exit 0; }; echo "did $work"; done
  q 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null; echo end;;
*) echo 'error no program knows SQLite';;
esac
exit 0`

export const vacuumSqlite = hostActionType({
  type: 'vacuum-sqlite',
  scope: 'host',
  title: 'Vacuum a SQLite file',
  description:
    'Checks that a database file is whole, gives back the space that it no longer needs, and renews its statistics.',
  risk: 'safe',
  mends: [],
  expects: 'checks',
  spec: Spec,
  plan: spec => ({
    title: `${works[spec.work].join(' and ')} of ${spec.path}`,
    commands: ['PRAGMA integrity_check', ...works[spec.work]].map(work =>
      commandText(['sqlite3', spec.path, work], spec.sudo),
    ),
    risk: 'safe',
    consequence: writes(spec)
      ? 'Programs that use it wait while it is written anew; one that cannot wait has to be stopped around it. Nothing is done to a damaged file.'
      : null,
  }),
  preview: (context, spec): Promise<StepResult> =>
    evidenceOfWork(async evidence => {
      const found = await lookAt(context, spec)
      evidence.push({ ok: true, text: sizeText(spec.path, found) })
      const problem = roomProblem(spec, found)
      if (problem !== null) evidence.push({ ok: false, text: problem })
    }),
  run: (context, spec): Promise<StepResult> =>
    evidenceOfWork(async evidence => {
      const before = await lookAt(context, spec)
      evidence.push({ ok: true, text: sizeText(spec.path, before) })
      context.progress(evidence)
      const problem = roomProblem(spec, before)
      if (problem !== null) throw new AppError('DISK_FULL', problem)
      const argv = ['sh', '-c', perform, 'sh', spec.path, python, ...works[spec.work]]
      const done = readWork(await ask(context, spec, argv, spec.timeoutMinutes * 60_000), spec.path)
      evidence.push(...done)
      if (!done.every(({ ok }) => ok)) return
      const after = await lookAt(context, spec)
      evidence.push({ ok: true, text: `${megabytes(before.bytes)} before, ${megabytes(after.bytes)} after` })
    }),
})

const writes = ({ work }: Pick<Spec, 'work'>): boolean => work.startsWith('vacuum')

interface Found {
  /** With what stands in its log. */
  readonly bytes: number
  readonly freeBytes: number
  /** Free on its disk; null where that cannot be known. */
  readonly room: number | null
  /** Where SQLite writes meanwhile, if that is another disk: it may not write in the folder of the file. */
  readonly temp: { readonly path: string; readonly room: number } | null
}

async function lookAt(context: HostActionContext, spec: Spec): Promise<Found> {
  const text = await ask(context, spec, ['sh', '-c', look, 'sh', spec.path], 60_000)
  return readLook(text, spec.path)
}

/** Throws where it is nothing that could be worked on. */
export function readLook(text: string, path: string): Found {
  const said = new Map(text.split('\n').map(line => line.split(' ', 2) as [string, string | undefined]))
  if (said.has('missing')) throw new AppError('NOT_FOUND', `There is no ${path}`)
  if (said.has('strange')) throw new AppError('INVALID_INPUT', `${path} is no file`)
  if (said.has('denied'))
    throw new AppError('ACCESS_DENIED', `${path} may not be written to`, { hint: 'Turn "as root" on.' })
  const header = parseSqliteHeader(said.get('head') ?? '')
  if (header === null) throw new AppError('INVALID_INPUT', `${path} is no SQLite database`)
  if (said.get('tool') === 'none')
    throw new AppError('UNSUPPORTED', 'No program on the host knows SQLite', {
      hint: 'Install python3 or sqlite3 there (sudo apt install sqlite3).',
    })
  const number = (name: string): number => Number(said.get(name) ?? 0) || 0
  const [room, elsewhere] = [said.get('room'), said.get('tempdir')]
  return {
    bytes: number('bytes') + number('log'),
    freeBytes: header.pageBytes * header.freePages,
    room: room === undefined || room === '' ? null : Number(room),
    temp: elsewhere === undefined ? null : { path: elsewhere, room: number('temp') },
  }
}

/** VACUUM writes what is in use anew, and keeps the old pages until it is done. */
export function roomProblem(spec: Pick<Spec, 'work' | 'path'>, { bytes, room, temp }: Found): string | null {
  if (!writes(spec)) return null
  const once = bytes + 16 * 1024 * 1024
  const short = (where: string, needs: number, free: number): string =>
    `VACUUM of ${spec.path} needs ${megabytes(needs)} ${where}, and ${megabytes(free)} are free: make room there, or only ANALYZE it`
  if (temp !== null && temp.room < once) return short(`in ${temp.path}`, once, temp.room)
  const beside = temp === null ? once + bytes : once
  return room === null || room >= beside ? null : short('beside it', beside, room)
}

const sizeText = (path: string, { bytes, freeBytes, room }: Found): string =>
  `${path}: ${megabytes(bytes)}, ${megabytes(freeBytes)} of it empty pages${room === null ? '' : `; ${megabytes(room)} free on its disk`}`

/** The lines of `perform` as evidence. */
export function readWork(text: string, path: string): Evidence[] {
  const evidence: Evidence[] = []
  const damage: string[] = []
  let ended = false
  for (const line of text.split('\n')) {
    const [word = '', ...rest] = line.split(' ')
    const words = rest.join(' ').trim()
    if (word === 'sound') evidence.push({ ok: true, text: 'integrity_check: it is whole' })
    else if (word === 'did') evidence.push({ ok: true, text: `${words} done` })
    else if (word === 'end') ended = true
    else if (word === 'damaged') damage.push(words)
    else if (word === 'error' && /malformed|not a database|corrupt/i.test(words)) damage.push(words)
    else if (word === 'error') evidence.push({ ok: false, text: failureText(path, words) })
  }
  if (damage.length > 0) {
    const what = damage.slice(0, 5).join('; ').slice(0, 600)
    return [{ ok: false, text: `${path} is damaged, so nothing was done to it: ${what}. Restore it from a backup.` }]
  }
  if (!ended && evidence.every(({ ok }) => ok))
    evidence.push({ ok: false, text: 'It was ended on the host before it was done; the file is as whole as before' })
  return evidence
}

const failureText = (path: string, words: string): string =>
  /locked|busy/i.test(words)
    ? `${path} was in use for more than a minute without a pause (${words}): stop the service around it`
    : /readonly|permission/i.test(words)
      ? `${path}: ${words}; is "as root" needed?`
      : `${path}: ${words}`

async function ask(
  context: HostActionContext,
  { sudo }: Pick<Spec, 'sudo'>,
  argv: readonly string[],
  timeout: number,
): Promise<string> {
  return answerOf('The work on the file', await context.exec(argv, { sudo, timeout, maxBytes: 65_536 }))
}
