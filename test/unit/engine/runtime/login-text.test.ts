// Other secrets with an age, through the same preview and renewal: certificates by PEM, tokens alone in their file or as a key among others.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Login, LoginDraft } from '../../../../src/shared/model/login.ts'
import { LoginRig, LoginWorld, newToken, oldToken } from './login-rig.ts'

let made: string
let one: { key: string; certificate: string }
let two: { key: string; certificate: string }
let sameKey: string
beforeAll(() => {
  made = mkdtempSync(join(tmpdir(), 'quarterdeck-pem-'))
  const [key, certificate] = [join(made, 'key'), join(made, 'crt')]
  const make = (keyArgs: string[], days: number): void =>
    void execFileSync(
      'openssl',
      ['req', '-x509', ...keyArgs, '-nodes', '-out', certificate, '-days', String(days), '-subj', '/CN=bot'],
      { stdio: 'ignore' },
    )
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', key]
  const pair = () => ({ key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') })
  make(fresh, 10)
  one = pair()
  make(['-key', key], 20)
  sameKey = pair().certificate
  make(fresh, 30)
  two = pair()
})
afterAll(() => rmSync(made, { recursive: true, force: true }))

let world: LoginWorld
let rig: LoginRig
beforeEach(async () => {
  world = new LoginWorld()
  // certificates are made now, whatever the time of the tests is
  world.clock.jump(Date.now() - world.clock.now())
  rig = await LoginRig.start(world)
})
afterEach(() => {
  rig.kill()
  world.dispose()
})

function loginOf(kind: Login['kind'], content: string, change: Partial<LoginDraft> = {}): Login {
  const path = join(world.folder, 'secret')
  writeFileSync(path, content, { mode: 0o600 })
  return rig.login({ path, kind, required: [], probe: null, ...change })
}
const now = (login: Login): string => readFileSync(login.path, 'utf8')

async function write(login: Login, text: string) {
  const candidate = await rig.logins.candidates.paste(login.id, text)
  rig.renewals.renew(candidate.id, { despiteProblems: false, actor: 'person' })
  return { candidate, run: await rig.ended(login) }
}

it('a new certificate with its key takes the place of the old one', async () => {
  const login = loginOf('certificate', one.certificate + one.key)
  const { candidate, run } = await write(login, two.certificate + two.key)
  expect(candidate).toMatchObject({ problems: [], warnings: [] })
  const [change] = candidate.changes
  expect(change?.change).toBe('changed')
  expect((change?.after?.expiresAt ?? 0) - (change?.before?.expiresAt ?? 0)).toBeGreaterThan(19 * 86_400_000)
  expect(run.outcome).toBe('written')
  expect(now(login)).toBe(two.certificate + two.key)
  expect(JSON.stringify([candidate, run, world.published]) + world.lines.join('\n')).not.toContain('BEGIN')
})

it('a renewed certificate alone keeps the key that lies in the file, where it fits', async () => {
  const login = loginOf('certificate', one.certificate + one.key)
  const { candidate } = await write(login, sameKey)
  expect(candidate.warnings).toEqual(['The private key in the file is kept'])
  expect(now(login)).toBe(sameKey + one.key)
  const other = await rig.logins.candidates.paste(login.id, two.certificate)
  expect(other.problems).toEqual(['The private key in the file is not that of the certificate: paste both'])
})

it('what is no certificate, is expired, or comes with another key is said', async () => {
  const login = loginOf('certificate', one.certificate)
  await expect(rig.logins.candidates.paste(login.id, one.key)).rejects.toThrow(
    'There is no certificate in PEM form in it',
  )
  const mixed = await rig.logins.candidates.paste(login.id, two.certificate + one.key)
  expect(mixed.problems).toEqual(['The private key is not that of the certificate'])
  world.clock.jump(15 * 86_400_000)
  expect((await rig.logins.candidates.paste(login.id, one.certificate)).problems).toEqual([
    'The certificate is expired already',
  ])
})

it('a token alone in its file is replaced alone, whatever signs it has', async () => {
  const login = loginOf('token', `${oldToken}\n`, { required: ['API_TOKEN'] })
  expect((await write(login, `  ${newToken}==\n`)).run.outcome).toBe('written')
  expect(now(login)).toBe(`${newToken}==\n`)
  await write(login, 'API_TOKEN=third')
  expect(now(login)).toBe('third\n')
  await expect(rig.logins.candidates.paste(login.id, 'two words')).rejects.toThrow('one word')
})

it('a token among other keys is replaced where it stands', async () => {
  const before = `# bot\nMODE=fast\nAPI_TOKEN=${oldToken}\n`
  const login = loginOf('token', before, { required: ['API_TOKEN'] })
  await write(login, `${newToken}==`)
  expect(now(login)).toMatch(new RegExp(`^# bot\\nMODE=fast\\nAPI_TOKEN="?'?${newToken}=="?'?\\n$`))
  const back = await rig.logins.candidates.offer(login.id, 'last-push')
  expect(back.changes.every(({ change }) => change === 'same')).toBe(true)
})
