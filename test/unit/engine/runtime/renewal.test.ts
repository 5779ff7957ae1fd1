// Renewals as they are carried out: written whole, proven or taken back, one at a time, and the same after a kill at any step; no value leaves.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ExecResult, UnitState } from '../../../../src/engine/ports.ts'
import { pushedJarId } from '../../../../src/engine/store/logins.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import type { LoginView, RenewalRun } from '../../../../src/shared/model/login.ts'
import { bot, fileOf, LoginRig, LoginWorld, newToken, oldToken } from './login-rig.ts'

let world: LoginWorld
let rig: LoginRig
beforeEach(async () => {
  world = new LoginWorld()
  rig = await LoginRig.start(world)
})
afterEach(() => {
  rig.kill()
  world.dispose()
})
const shaOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const accepts = (token: string) => (text: string) => (text.includes(token) ? ('valid' as const) : ('expired' as const))
const again = async (): Promise<void> => {
  rig.kill()
  world.onExec = () => {}
  world.afterExec = (_, result) => result
  world.onAct = () => null
  rig = await LoginRig.start(world)
}
const publishedRuns = (): RenewalRun[] =>
  (world.published as { name: string; payload: RenewalRun }[])
    .filter(({ name }) => name === 'renewal.changed')
    .map(({ payload }) => payload)

it('S28 a renewal is written, its consumer restarted, and the site asked', async () => {
  world.site = accepts(newToken)
  const login = rig.login()
  const begun = await rig.renew(login)
  expect(begun).toMatchObject({ outcome: 'running', finishedAt: null })
  const run = await rig.ended(login)
  expect(run.outcome).toBe('verified')
  expect(rig.steps(run)).toEqual([
    'read done',
    'back-up done',
    'write done',
    'read-back done',
    'restart done',
    'prove done',
  ])
  expect(world.text).toBe(fileOf(newToken))
  expect(statSync(world.path).mode & 0o777).toBe(0o600)
  expect(run.backup && readFileSync(run.backup, 'utf8')).toBe(fileOf(oldToken))
  expect(world.acts).toEqual(['restart bot.service'])
  expect(run.evidence).toContainEqual({ ok: true, text: 'bot.service was restarted and runs' })
  expect(world.vault.get(pushedJarId(login.id))).toBe(fileOf(newToken))
  expect(rig.logins.view(login.id)).toMatchObject({ drifted: false })
  expect(rig.audited('login.renew')).toMatchObject([{ actor: 'person', target: 'Site', outcome: 'verified' }])
  expect(publishedRuns().at(-1)).toEqual(run)
})

it('S28 a renewal is on disk before the file is touched', async () => {
  const login = rig.login()
  const seen: string[] = []
  world.onExec = (_, options) => {
    if (options?.stdin)
      seen.push(...rig.store.logins.unfinishedRuns().map(({ newSha256 }) => String(newSha256?.length)))
  }
  await rig.renew(login)
  await rig.ended(login)
  expect(seen).toEqual(['64'])
})

it.each(['expired', 'challenged'] as const)('S28 what the site calls %s is taken back', async word => {
  world.site = text => (text.includes(newToken) ? word : 'valid')
  const login = rig.login()
  await rig.renew(login)
  const run = await rig.ended(login)
  expect(run.outcome).toBe('rolled-back')
  expect(rig.steps(run).slice(-3)).toEqual(['restart done', 'prove failed', 'roll-back done'])
  expect(world.text).toBe(fileOf(oldToken))
  expect(statSync(world.path).mode & 0o777).toBe(0o600)
  expect(world.acts).toEqual(['restart bot.service', 'restart bot.service'])
  expect(world.vault.size).toBe(0)
  expect(rig.audited('login.renew')).toMatchObject([{ outcome: 'failed' }])
})

it.each(['site-down', 'rate-limited', 'unknown', null] as const)(
  'S28 %s says nothing against the new file: written, not taken back',
  async word => {
    world.site = () => word
    const login = rig.login()
    await rig.renew(login)
    const run = await rig.ended(login)
    expect(run.outcome).toBe('written')
    expect(rig.steps(run).at(-1)).toBe('prove failed')
    expect(world.text).toBe(fileOf(newToken))
    expect(world.vault.size).toBe(1)
    expect((run.finishedAt ?? 0) - run.startedAt).toBeLessThan(80_000)
    // a site that limits how often it is asked is asked once
    expect(rig.probed.length > 3).toBe(word !== 'rate-limited')
  },
)

it('S28 a look that was under way before the write counts for nothing', async () => {
  const login = rig.login()
  world.site = accepts(newToken)
  world.onAct = () => {
    // it read the old file, and its word comes only now
    const file = { sha256: 'f'.repeat(64), cookies: [], problems: [] }
    const look = { file, state: 'read' }
    const proof = { at: world.clock.now() + 10_000, verdict: 'expired', from: 'host', message: 'late' }
    queueMicrotask(() => rig.looked.emit({ check: { id: login.checkId } as never, look: { ...look, proofs: [proof] } }))
    return null
  }
  await rig.renew(login)
  expect(await rig.ended(login)).toMatchObject({ outcome: 'verified' })
})

it('S28 a consumer that does not come up takes the file back', async () => {
  const login = rig.login()
  world.onAct = () => {
    if (!world.text.includes(newToken)) return null
    rig.put({
      activeState: 'failed',
      subState: 'failed',
      result: 'exit-code',
      mainPid: null,
      invocationId: 'e'.repeat(32),
    })
    return { kind: 'done', job: 'done' }
  }
  await rig.renew(login)
  const run = await rig.ended(login)
  expect(run.outcome).toBe('rolled-back')
  expect(rig.steps(run).slice(-2)).toEqual(['restart failed', 'roll-back done'])
  expect(world.text).toBe(fileOf(oldToken))
  expect(world.units.get(bot.name)).toMatchObject({ activeState: 'active' })
})

it('S28 a unit that a person stopped stays stopped, and that is said', async () => {
  const login = rig.login()
  rig.put({ activeState: 'inactive', subState: 'dead', mainPid: null })
  await rig.renew(login)
  const run = await rig.ended(login)
  expect(run.outcome).toBe('verified')
  expect(world.acts).toEqual([])
  expect(run.evidence).toEqual([{ ok: true, text: 'bot.service was not running, and was left so' }])
})

it('S28 one that had failed before is tried, and is no reason to take the file back', async () => {
  const login = rig.login()
  rig.put({ activeState: 'failed', subState: 'failed', mainPid: null })
  world.onAct = () => ({ kind: 'done', job: 'failed' })
  await rig.renew(login)
  const run = await rig.ended(login)
  expect(run.outcome).toBe('verified')
  expect(world.acts).toEqual(['restart bot.service'])
  expect(world.text).toBe(fileOf(newToken))
})

it('refuses a second renewal, problems that nobody accepted, and a host that is not connected', async () => {
  const login = rig.login()
  const poor = await rig.logins.candidates.paste(login.id, 'ct0=only\n')
  expect(() => rig.renewals.renew(poor.id, { despiteProblems: false, actor: 'person' })).toThrow('Missing: auth_token')
  const second = await rig.logins.candidates.paste(login.id, fileOf('second'))
  await rig.renew(login)
  const renew = () => rig.renewals.renew(second.id, { despiteProblems: false, actor: 'person' })
  expect(renew).toThrow('Site is being renewed already')
  await rig.ended(login)
  rig.link.to('lost')
  expect(renew).toThrow('web-1 is not connected')
  expect(rig.renewals.list(login.id, 10)).toHaveLength(1)
})

it('S27 a file that somebody changed in between is left as it is', async () => {
  const login = rig.login()
  world.onExec = (_, options) => {
    if (options?.stdin) writeFileSync(world.path, 'auth_token=theirs; ct0=x\n')
  }
  await rig.renew(login)
  const run = await rig.ended(login)
  expect(run.outcome).toBe('failed')
  expect(world.text).toBe('auth_token=theirs; ct0=x\n')
  expect(world.acts).toEqual([])
})

it('S27 one that somebody changed right after it was written is not said to be unwritten', async () => {
  const login = rig.login()
  world.afterExec = (_, result) => {
    if (world.text.includes(newToken)) writeFileSync(world.path, fileOf('theirs'))
    return result
  }
  await rig.renew(login)
  const run = await rig.ended(login)
  expect(run.outcome).toBe('failed')
  expect(run.steps.at(-1)).toMatchObject({
    step: 'read-back',
    text: expect.stringContaining('was written, and changed'),
  })
  expect(world.text).toBe(fileOf('theirs'))
})

it('S26 the text is made on the file as it is when it is written', async () => {
  const path = join(world.folder, '.env')
  writeFileSync(path, `# theirs\nauth_token=${oldToken}\nMODE=slow\n`, { mode: 0o640 })
  const login = rig.login({ path, format: 'env', required: ['auth_token'] })
  const candidate = await rig.logins.candidates.paste(login.id, `auth_token=${newToken}\n`)
  writeFileSync(path, `# theirs\nauth_token=${oldToken}\nMODE=fast\nMORE=1\n`)
  rig.renewals.renew(candidate.id, { despiteProblems: false, actor: 'person' })
  expect((await rig.ended(login)).steps[2]).toMatchObject({ step: 'write', outcome: 'done' })
  expect(readFileSync(path, 'utf8')).toBe(`# theirs\nauth_token=${newToken}\nMODE=fast\nMORE=1\n`)
})

it('S27 S28 a link that is lost in the middle is settled once the host is back', async () => {
  const login = rig.login()
  let cut = true
  world.afterExec = (_, result): ExecResult => {
    if (!cut || !world.text.includes(newToken)) return result
    cut = false
    rig.link.to('lost')
    return { ...result, exit: null, signal: null, lost: true, stdout: new Uint8Array(), stderr: new Uint8Array() }
  }
  await rig.renew(login)
  for (let turn = 0; turn < 20; turn++) await rig.pump(1_000)
  expect(rig.renewals.isRunning(login.id)).toBe(true)
  rig.link.to('ready')
  const run = await rig.ended(login)
  expect(run.outcome).toBe('verified')
  expect(world.text).toBe(fileOf(newToken))
  expect(run.backup && readFileSync(run.backup, 'utf8')).toBe(fileOf(oldToken))
})

it('S28 a bot that writes its old cookies back as it ends is told of, and the renewal is no success', async () => {
  const login = rig.login()
  world.onAct = () => {
    writeFileSync(world.path, fileOf(oldToken))
    return null
  }
  await rig.renew(login)
  const run = await rig.ended(login)
  expect(run.outcome).toBe('failed')
  expect(run.steps.at(-1)).toMatchObject({
    step: 'prove',
    outcome: 'failed',
    text: expect.stringContaining('wrote its own'),
  })
  expect(rig.store.logins.get(login.id)?.pushedSha256).toBeNull()
})

it('S28 a record that can no longer be written ends the renewal all the same', async () => {
  const login = rig.login()
  const { logins } = rig.store
  const { updateRun } = logins
  world.onAct = () => {
    logins.updateRun = () => {
      throw new AppError('DISK_FULL', 'The disk is full')
    }
    return null
  }
  await rig.renew(login)
  for (let turn = 0; turn < 400 && rig.renewals.isRunning(login.id); turn++) await rig.pump(250)
  expect(rig.renewals.isRunning(login.id)).toBe(false)
  const told = publishedRuns().at(-1)
  expect(told).toMatchObject({ outcome: 'failed', finishedAt: expect.any(Number) })
  expect(told?.steps.at(-1)?.text).toBe('The disk is full. The new file may be in place.')
  logins.updateRun = updateRun
  // what could not be written down is found out at the next start; the newer one alone is taken up
  await rig.renew(login, 'canary-third')
  await rig.pump(0)
  await again()
  await rig.ended(login)
  const [newer, older] = rig.renewals.list(login.id, 2)
  expect(older?.evidence.at(-1)?.text).toContain('a later one took its place')
  expect(newer?.evidence[0]?.text).toContain('took it up again')
  expect(rig.store.logins.unfinishedRuns()).toEqual([])
})

it('S28 a login that is removed while it is renewed leaves no value behind', async () => {
  const login = rig.login()
  world.site = () => null
  await rig.renew(login)
  const proving = () => rig.renewals.list(login.id, 1)[0]?.steps.some(({ step }) => step === 'prove')
  for (let turn = 0; turn < 400 && !proving(); turn++) await rig.pump(250)
  expect(rig.logins.view(login.id).drifted).toBeNull()
  rig.logins.remove(login.id)
  const run = await rig.ended(login)
  expect(run.outcome).toBe('failed')
  expect(run.steps.at(-1)?.text).toContain('This login is not there any more')
  expect([...world.vault.keys()]).toEqual([])
  expect(rig.windows.forgotten).toEqual([login.id])
})

it('R29 what a renewal has just written is not called the doing of the bot', async () => {
  const login = rig.login()
  await rig.renew(login)
  await rig.ended(login)
  const before = world.published.length
  await rig.renew(login, 'canary-third-77aa01')
  await rig.ended(login)
  const views = (world.published.slice(before) as { name: string; payload: LoginView }[])
    .filter(({ name }) => name === 'login.changed')
    .map(({ payload }) => payload)
  expect(views.some(({ file }) => file?.sha256 === shaOf(world.text))).toBe(true)
  expect(views.map(({ drifted }) => drifted)).not.toContain(true)
  writeFileSync(world.path, fileOf('rotated'))
  await rig.look(login)
  expect(rig.logins.view(login.id).drifted).toBe(true)
})

it('an edited login shows nothing of what it was, and its namesake is another', async () => {
  const login = rig.login()
  await rig.look(login)
  expect(rig.logins.view(login.id).proofs).toHaveLength(1)
  const candidate = await rig.logins.candidates.paste(login.id, fileOf(newToken))
  const { id, checkId, createdAt, ...draft } = login
  rig.logins.edit(id, { ...draft, name: 'Other' })
  expect(() => rig.renewals.renew(candidate.id, { despiteProblems: false, actor: 'person' })).toThrow('no longer held')
  rig.logins.remove(id)
  expect(rig.login().id).not.toBe(id)
  rig.logins.hostRemoved('web-1')
  expect(rig.windows.forgotten).toHaveLength(2)
  expect([checkId.length, createdAt]).toEqual([2, world.clock.now()])
})

/** Lets time go on until the engine has waited for what is under way; for how long that was. */
async function endedIn(graceMs: number): Promise<number> {
  const from = world.clock.monotonic()
  let over = false
  void rig.renewals.end(graceMs).then(() => {
    over = true
  })
  for (let turn = 0; turn < 400 && !over; turn++) await rig.pump(250)
  expect(over).toBe(true)
  return world.clock.monotonic() - from
}

it('S28 an engine that ends in good order waits until what it began is proven', async () => {
  const login = rig.login()
  await rig.renew(login)
  expect(await endedIn(28_500)).toBeLessThan(28_500)
  expect(rig.renewals.list(login.id, 1)[0]).toMatchObject({ outcome: 'verified' })
})

it('S28 it waits no longer than it may, nor for a host that is away, and the next one goes on with it', async () => {
  const login = rig.login()
  world.site = () => null
  await rig.renew(login)
  expect(await endedIn(3_500)).toBe(3_500)
  rig.link.to('lost')
  await rig.renewals.end(3_500)
  expect(rig.renewals.isRunning(login.id)).toBe(true)
  world.site = accepts(newToken)
  await again()
  expect(await rig.ended(login)).toMatchObject({ outcome: 'verified' })
})

it('S28 killed before the write: nothing was changed', async () => {
  const login = rig.login()
  world.onExec = (_, options) => {
    if (options?.stdin) rig.kill()
  }
  await rig.renew(login)
  for (let turn = 0; turn < 50 && !rig.killed; turn++) await rig.pump(250)
  await again()
  const run = await rig.ended(login)
  expect(run).toMatchObject({ outcome: 'failed' })
  expect(run.steps.at(-1)?.text).toBe('Nothing was changed: the old file is in place')
  expect(world.text).toBe(fileOf(oldToken))
  expect(world.acts).toEqual([])
  expect(rig.audited('login.renew')).toMatchObject([{ outcome: 'failed' }])
})

it('S28 killed after the write: it goes on with restart and proof, and writes nothing again', async () => {
  const login = rig.login()
  world.afterExec = (_, result) => {
    if (world.text.includes(newToken)) rig.kill()
    return result
  }
  await rig.renew(login)
  for (let turn = 0; turn < 50 && !rig.killed; turn++) await rig.pump(250)
  expect(world.text).toBe(fileOf(newToken))
  await again()
  let writes = 0
  world.onExec = (_, options) => void (options?.stdin && writes++)
  const run = await rig.ended(login)
  expect(run.outcome).toBe('verified')
  expect(writes).toBe(0)
  expect(world.acts).toEqual(['restart bot.service'])
  expect(run.backup && readFileSync(run.backup, 'utf8')).toBe(fileOf(oldToken))
  expect(world.vault.get(pushedJarId(login.id))).toBe(fileOf(newToken))
  expect(rig.audited('login.renew')).toMatchObject([{ outcome: 'verified' }])
})

it('S28 killed in the restart, the proof or the roll-back: it ends with a file that works', async () => {
  const login = rig.login()
  world.site = text => (text.includes(newToken) ? 'expired' : 'valid')
  for (const at of ['restart', 'prove', 'roll-back'] as const) {
    await rig.renew(login)
    const reached = () => rig.renewals.list(login.id, 1)[0]?.steps.some(({ step }) => step === at)
    for (let turn = 0; turn < 500 && !reached(); turn++) await rig.pump(50)
    await again()
    const run = await rig.ended(login)
    expect(run.outcome).toBe('rolled-back')
    expect(rig.steps(run).slice(-3), at).toEqual(['restart done', 'prove failed', 'roll-back done'])
    expect(world.text).toBe(fileOf(oldToken))
    expect(world.units.get(bot.name)).toMatchObject({ activeState: 'active' })
  }
  expect(rig.store.logins.unfinishedRuns()).toEqual([])
})

it('S28 killed while the consumer was stopping to start again: it is not taken for one that a person stopped', async () => {
  const login = rig.login()
  world.onAct = () => {
    rig.put({ activeState: 'deactivating', subState: 'stop-sigterm' })
    rig.kill()
    return null
  }
  await rig.renew(login)
  for (let turn = 0; turn < 50 && !rig.killed; turn++) await rig.pump(250)
  await again()
  for (let turn = 0; turn < 20; turn++) await rig.pump(250)
  expect(rig.steps(rig.renewals.list(login.id, 1)[0] as RenewalRun).at(-1)).toBe('restart running')
  rig.put({ activeState: 'inactive', subState: 'dead', mainPid: null })
  await rig.pump(10)
  rig.put(world.running(world.units.get(bot.name) as UnitState))
  const run = await rig.ended(login)
  expect(run.outcome).toBe('verified')
  expect(rig.steps(run)).toContain('restart done')
  expect(run.evidence).toContainEqual({ ok: true, text: 'bot.service was restarted and runs' })
})

it('S28 no value is in the record, the audit, the log, the events or the database', async () => {
  const login = rig.login()
  world.site = accepts(newToken)
  await rig.renew(login)
  await rig.ended(login)
  world.site = () => 'expired'
  await rig.renew(login, 'canary-third-77aa01')
  await rig.ended(login)
  rig.kill()
  const told = [...world.lines, JSON.stringify(world.published), JSON.stringify(world.events)].join('\n')
  const disk = readdirSync(world.directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
  expect(disk.join('').length).toBeGreaterThan(10_000)
  expect(world.published.length).toBeGreaterThan(10)
  for (const text of [told, ...disk]) expect(text).not.toContain('canary')
})
