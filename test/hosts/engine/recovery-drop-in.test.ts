// "Leave it on the host" on each suite: reviewed, written in one step, taken by systemd, at work without the app, and taken back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DropInSettings } from '../../../src/shared/model/recovery.ts'
import { suites, type TestHost } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { RunningEngine, until } from './running-engine.ts'

const unit = 'left-alone.service'
const path = `/etc/systemd/system/${unit}.d/50-quarterdeck.conf`
const settings = DropInSettings.parse({
  restart: 'on-failure',
  restartSeconds: 1,
  startLimitBurst: 4,
  startLimitIntervalSeconds: 600,
  restartSteps: 5,
  restartMaxDelaySeconds: 60,
})
const versions = { bullseye: 247, bookworm: 252, trixie: 257 }

describe.each(suites)('on %s', suite => {
  const host = sharedHost({ suite })
  let app: RunningEngine
  let id: string
  beforeAll(async () => {
    app = await RunningEngine.start()
    await install(host(), unit, '[Service]\nExecStart=/bin/sleep infinity\nRestart=no\n')
    // a password for sudo, given to its prompt alone; the content comes behind it
    const draft = { user: 'sam', sudo: 'password' as const }
    id = (await app.add(host(), draft, { sudoPassword: host().passwords.sam })).id
    await app.ready(id)
    await until(async () => (await app.client.call('unit.list', id)).some(each => each.name === unit))
  })
  afterAll(() => app?.dispose())
  const ref = (name = unit) => ({ hostId: id, scope: 'system' as const, name })

  it('S37 writes it with sudo, systemd takes it and restarts the unit by itself; undo takes it away', async () => {
    const review = await app.client.call('dropin.review', { ...ref(), settings })
    expect(review).toMatchObject({ path, before: null })
    expect(review.diff).toContain('+Restart=on-failure\n')
    expect(review.after?.includes('RestartSteps=5')).toBe(versions[suite] >= 254)
    expect(review.warnings.some(text => text.includes('254 or newer'))).toBe(versions[suite] < 254)
    await app.client.call('dropin.apply', { ...ref(), settings, before: null })
    expect(await host().readFile(path)).toBe(review.after)
    const { stdout } = await host().exec(`stat -c '%a %U %G' ${path}; ls ${path.replace(/[^/]*$/, '')}`)
    expect(stdout).toBe('644 root root\n50-quarterdeck.conf\n')
    expect(await host().property(unit, 'Restart')).toBe('on-failure')
    if (versions[suite] >= 254) expect(await host().property(unit, 'RestartSteps')).toBe('5')
    const pid = await host().pid(unit)
    await host().killUnit(unit)
    await until(async () => ![0, pid].includes(await host().pid(unit)))

    // nothing of what a person did meanwhile is lost
    await host().writeFile(path, `${review.after}# mine\n`)
    const changed = app.client.call('dropin.apply', { ...ref(), settings, before: review.after })
    await expect(changed).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(app.client.call('dropin.undo', ref())).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await host().readFile(path)).toBe(`${review.after}# mine\n`)
    await host().writeFile(path, review.after ?? '')

    await app.client.call('dropin.undo', ref())
    expect((await host().exec(['ls', '-A', path.replace(/[^/]*$/, '')])).stdout).toBe('')
    expect(await host().property(unit, 'Restart')).toBe('no')
    await expect(app.client.call('dropin.undo', ref())).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const audit = await app.client.call('audit.list', { target: unit })
    expect(audit.map(({ verb, outcome }) => `${verb} ${outcome}`).reverse()).toEqual([
      'dropin.apply verified',
      'dropin.apply failed',
      'dropin.undo failed',
      'dropin.undo verified',
      'dropin.undo failed',
    ])
  })

  it('keeps a file that it did not write, and puts it back', async () => {
    const mine = '[Service]\nRestart=always\n'
    await host().exec(`mkdir -p ${path.replace(/[^/]*$/, '')}`)
    await host().writeFile(path, mine)
    const review = await app.client.call('dropin.review', { ...ref(), settings })
    expect(review.before).toBe(mine)
    expect(review.warnings.join()).toContain('not written by Quarterdeck')
    expect(review.diff).toContain('-Restart=always\n')
    expect(await app.client.call('dropin.apply', { ...ref(), settings, before: mine })).toEqual({ backup: mine })
    await app.client.call('dropin.undo', ref())
    expect(await host().readFile(path)).toBe(mine)
    // and removed as reviewed
    expect((await app.client.call('dropin.review', { ...ref(), settings: null })).after).toBeNull()
    await app.client.call('dropin.apply', { ...ref(), settings: null, before: mine })
    expect((await host().exec(['ls', '-A', path.replace(/[^/]*$/, '')])).stdout).toBe('')
  })

  it('puts everything back where systemd does not take it', async () => {
    const name = 'once.service'
    await install(host(), name, '[Service]\nType=oneshot\nExecStart=/bin/true\n')
    const bad = { ...settings, restart: 'always' as const, restartSteps: null, restartMaxDelaySeconds: null }
    const written = app.client.call('dropin.apply', { ...ref(name), settings: bad, before: null })
    await expect(written).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringContaining('put back'),
    })
    expect((await host().exec(['ls', '-A', `/etc/systemd/system/${name}.d`])).stdout).toBe('')
    expect(await host().property(name, 'LoadState')).toBe('loaded')
    // a later drop-in that says otherwise wins, so this one would be a lie
    await host().exec(`mkdir -p /etc/systemd/system/${unit}.d`)
    await host().writeFile(`/etc/systemd/system/${unit}.d/60-mine.conf`, '[Service]\nRestart=no\n')
    await host().exec('systemctl daemon-reload')
    const review = await app.client.call('dropin.review', { ...ref(), settings })
    expect(review.warnings.join()).toContain('60-mine.conf comes after it')
    await expect(app.client.call('dropin.apply', { ...ref(), settings, before: null })).rejects.toMatchObject({
      message: expect.stringContaining('another drop-in wins'),
    })
    await host().exec(`rm /etc/systemd/system/${unit}.d/60-mine.conf`)
  })

  it('refuses a link in its place, and what is no service', async () => {
    await host().exec(`ln -sf /etc/passwd ${path}`)
    await expect(app.client.call('dropin.review', { ...ref(), settings })).rejects.toMatchObject({ code: 'CONFLICT' })
    await host().exec(`rm ${path}`)
    const other = app.client.call('dropin.review', { ...ref('sleep.timer'), settings })
    await expect(other).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})

describe('of a user', () => {
  const host = sharedHost({ suite: 'bookworm' })
  it('writes below ~/.config without sudo', async () => {
    await host().enableLinger('deploy')
    await host().installUserUnit('deploy', 'mine.service', '[Service]\nExecStart=/bin/sleep infinity\n')
    await using app = await RunningEngine.start()
    const { id } = await app.add(host(), { userUnits: true, sudo: 'none' })
    await app.ready(id)
    const ref = { hostId: id, scope: 'user' as const, name: 'mine.service' }
    await until(async () => (await app.client.call('unit.list', id)).some(each => each.name === ref.name))
    await app.client.call('dropin.apply', { ...ref, settings, before: null })
    const file = '/home/deploy/.config/systemd/user/mine.service.d/50-quarterdeck.conf'
    expect((await host().exec(['stat', '-c', '%U', file])).stdout).toBe('deploy\n')
    expect((await app.client.call('dropin.review', { ...ref, settings })).diff).toBe('')
    await app.client.call('dropin.undo', ref)
    expect((await app.client.call('dropin.review', { ...ref, settings })).before).toBeNull()
  })
})

async function install(host: TestHost, name: string, text: string): Promise<void> {
  await host.writeFile(`/etc/systemd/system/${name}`, text)
  await host.exec(`systemctl daemon-reload && systemctl restart ${name}`)
}
