// Proves what is imported from an OpenSSH configuration, includes and all, and that nothing in the file is run.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readSshConfig } from '../../../../src/engine/remote/ssh-config.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qd-ssh-config-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function config(text: string, name = 'config'): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

test('hosts with their own and inherited values, first value first', () => {
  const hosts = readSshConfig(
    config(`Host web
  HostName web.example.com
  User deploy
  Port 2200
Host db-* !db-old
  User postgres
Host db-1 db-2
  HostName %h.internal
  ProxyJump jump1,bob@jump2:2222
  IdentityFile ~/.ssh/id_db
Host *
  User nobody
  IdentityFile %d/keys/%r-%h
`),
  )
  expect(hosts.map(({ alias }) => alias)).toEqual(['web', 'db-1', 'db-2'])
  expect(hosts[0]).toEqual({
    alias: 'web',
    address: 'web.example.com',
    port: 2200,
    user: 'deploy',
    identityFile: `${homedir()}/keys/deploy-web.example.com`,
    proxyJump: [],
    ignored: [],
  })
  expect(hosts[1]).toMatchObject({
    address: 'db-1.internal',
    user: 'postgres',
    identityFile: `${homedir()}/.ssh/id_db`,
    proxyJump: ['jump1', 'bob@jump2:2222'],
    port: 22,
  })
})

test('includes: globs, nesting, and the section goes on after one', () => {
  mkdirSync(join(folder, 'conf.d'))
  config('Host inner\n  User inner\n', 'conf.d/10-a')
  config(`Include ${folder}/conf.d/20-b.more\nHost second\n  Port 2\n`, 'conf.d/20-b')
  config('Host third\n  Port 3\n', 'conf.d/20-b.more')
  config('not a config', 'conf.d/.hidden')
  const hosts = readSshConfig(
    config(`Include ${folder}/conf.d/1* ${folder}/missing
Include ${folder}/conf.d/10-a ${folder}/conf.d/20-b
Host outer
  Include ${folder}/nothing-*
  User outer
`),
  )
  expect(hosts.map(({ alias, user, port }) => [alias, user, port])).toEqual([
    ['inner', 'inner', 22],
    ['third', null, 3],
    ['second', null, 2],
    ['outer', 'outer', 22],
  ])
})

test('a circle of includes is refused', () => {
  const file = config(`Include ${folder}/config\n`)
  expect(() => readSshConfig(file)).toThrow(expect.objectContaining({ code: 'CONFIG' }))
})

test('Match blocks run nothing and are named as ignored; so is what is not honoured', () => {
  const canary = join(folder, 'canary')
  const hosts = readSshConfig(
    config(`CanonicalizeHostname yes
CanonicalDomains example.invalid
Match exec "touch ${canary}"
  User evil
Host a
  ProxyCommand touch ${canary}
  ForwardAgent yes
  ServerAliveInterval 5
`),
  )
  expect(hosts).toHaveLength(1)
  expect(hosts[0]).toMatchObject({ alias: 'a', user: null, address: 'a' })
  expect(hosts[0]?.ignored.sort()).toEqual(['forwardagent', 'match', 'proxycommand'])
  expect(existsSync(canary)).toBe(false)
})

test('a mistake is named with its own file, also inside an include', () => {
  config('Host x\n  Port x\n', 'extra')
  const file = config(`Include ${folder}/extra\n`)
  expect(() => readSshConfig(file)).toThrow(new RegExp(`${folder}/extra, line 2`))
})

test('no file means no hosts; a folder in its place is said', () => {
  expect(readSshConfig(join(folder, 'none'))).toEqual([])
  expect(() => readSshConfig(folder)).toThrow(expect.objectContaining({ code: 'CONFIG' }))
})
