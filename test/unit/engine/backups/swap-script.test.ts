// The steps of a restore as the host's sh carries them out, at moments that a kill or a late link makes. Needs GNU's stat and mv, as Linux has them.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SwapOp, swapArgv } from '../../../../src/engine/backups/pipe/swap-script.ts'

let near: string
let staging: string
let database: string
beforeEach(() => {
  near = mkdtempSync(join(tmpdir(), 'swap-script-'))
  staging = join(near, '.quarterdeck-restore-r1')
  database = join(near, 'app.db')
  writeFileSync(database, 'old')
})
afterEach(() => rmSync(near, { recursive: true, force: true }))

function run(op: SwapOp, ...more: string[]): { code: number | null; said: string } {
  const [program = 'sh', ...args] = swapArgv(op, near, 'r1', ...more)
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return { code: status, said: `${stdout}${stderr}`.trim() }
}
const number = (): string => run('number').said.replace('number ', '')
const state = (): string => run('state').said
/** Staged whole. */
function stage(): void {
  expect(run('open', number())).toEqual({ code: 0, said: '' })
  writeFileSync(join(staging, 'app.db'), 'new')
  expect(run('done', 'app.db', database)).toEqual({ code: 0, said: '' })
}

describe.skipIf(process.platform !== 'linux')('a step of a restore', () => {
  it('puts the new one in place, keeps the old one, and takes it back', () => {
    stage()
    expect(state()).toBe('state staged')
    const kept = join(near, '.app.db.quarterdeck-old-r1')
    expect(run('swap', number(), ':', ':')).toEqual({ code: 0, said: `kept ${kept}` })
    expect([database, kept].map(path => readFileSync(path, 'utf8'))).toEqual(['new', 'old'])
    expect(run('back', number(), ':').code).toBe(0)
    expect(readFileSync(database, 'utf8')).toBe('old')
    expect(run('discard').code).toBe(0)
    expect(readdirSync(near)).toEqual(['app.db'])
  })

  it.each(['open', 'swap', 'back'] as const)('that comes late changes nothing: %s', op => {
    stage()
    const before = number()
    if (op === 'back') run('swap', before, ':', ':')
    const then = op === 'back' ? 'new' : 'old'
    const told = state()
    expect(run(op, before, ':', ':')).toEqual({
      code: 3,
      said: 'qd-fail This step came too late: the restore was asked about meanwhile',
    })
    expect(state()).toBe(told)
    expect(readFileSync(database, 'utf8')).toBe(then)
  })

  it('that throws away and is killed in the middle leaves nothing that counts as staged, and is done by the next', () => {
    stage()
    // so far it had come
    renameSync(join(staging, 'pairs'), join(staging, 'planned'))
    expect(state()).toBe('state nothing')
    expect(run('swap', number(), ':', ':')).toEqual({ code: 3, said: 'qd-fail Nothing is staged' })
    expect(readFileSync(database, 'utf8')).toBe('old')
    expect(run('discard').code).toBe(0)
    expect(readdirSync(near)).toEqual(['app.db'])
    expect(existsSync(staging)).toBe(false)
  })
})
