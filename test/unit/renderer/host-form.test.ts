// The host form turns into the contract's draft, and the contract's complaints into words beside the fields.
import { expect, test } from 'vitest'
import {
  emptyValues,
  jumpOf,
  readDraft,
  valuesOf,
  valuesOfImport,
} from '../../../src/renderer/views/host-form/form-values.ts'
import { putStep } from '../../../src/renderer/views/host-form/use-connection-test.ts'
import { publicKeyFile } from '../../../src/renderer/views/host-key/key-facts.tsx'
import { createWorld, hostOf } from '../../fakes/demo/world.ts'

const hosts = [...createWorld('filled').hosts.values()]
const filled = { ...emptyValues, name: 'web', address: 'web.example.net', user: 'deploy', keyPath: '~/.ssh/id_ed25519' }

test('an empty form says for each field what to do', () => {
  const read = readDraft(emptyValues)
  if (!('errors' in read)) throw new Error('an empty form was taken')
  expect(Object.keys(read.errors).sort()).toEqual(['address', 'keyPath', 'name', 'user'])
  expect(read.errors.keyPath?.message).toBe('Choose a private key file')
})

test.each(['', '0', '65536', '22a', '-1', '2 2', '9'.repeat(400)])('the port %j is refused in words', port => {
  const read = readDraft({ ...filled, port })
  expect('errors' in read && read.errors.port?.message).toBe('A port is a number from 1 to 65535')
})

test('what is edited and not changed is the same draft again', () => {
  const host = hostOf('web-1', { jump: 'bots-1', auth: { kind: 'password' }, userUnits: true, port: 2222 })
  const read = readDraft(valuesOf(host))
  const { name, address, port, user, auth, sudo, jump, userUnits } = host
  expect(read).toEqual({ draft: { name, address, port, user, auth, sudo, jump, userUnits } })
})

test('an imported block fills the form and finds its jump host by name', () => {
  const found = {
    alias: 'db',
    address: '10.0.0.1',
    port: 2222,
    user: null,
    identityFile: null,
    proxyJump: ['deploy@web-1:22'],
    ignored: [],
  }
  expect(jumpOf(found, hosts)?.host.id).toBe('web-1')
  expect(valuesOfImport(found, filled, hosts)).toMatchObject({
    name: 'db',
    port: '2222',
    user: 'deploy',
    authKind: 'agent',
    jump: 'web-1',
  })
  expect(valuesOfImport({ ...found, proxyJump: ['elsewhere'] }, filled, hosts).jump).toBe('')
})

test('R3 a step is shown once, with its newest word', () => {
  const step = {
    step: 'tcp',
    outcome: 'running',
    message: '',
    hint: null,
    offeredKey: null,
    milliseconds: null,
  } as const
  const steps = putStep(putStep([{ ...step, step: 'resolve' }], step), { ...step, outcome: 'ok' })
  expect(steps.map(({ step: name, outcome }) => [name, outcome])).toEqual([
    ['resolve', 'running'],
    ['tcp', 'ok'],
  ])
})

test('the file to check is the one of the key that was shown', () => {
  expect(publicKeyFile('ssh-ed25519')).toBe('/etc/ssh/ssh_host_ed25519_key.pub')
  expect(publicKeyFile('ecdsa-sha2-nistp256')).toBe('/etc/ssh/ssh_host_ecdsa_key.pub')
  expect(publicKeyFile('rsa-sha2-512')).toBe('/etc/ssh/ssh_host_rsa_key.pub')
})
