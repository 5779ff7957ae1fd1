// Kills the whole engine 200 times in the middle of its work: the databases stay sound and nothing that was acknowledged is lost.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { engineContract } from '../../../src/shared/contract/engine.ts'
import { nativeContract } from '../../../src/shared/contract/native.ts'
import { HostDraft } from '../../../src/shared/model/host.ts'
import { connect } from '../../../src/shared/rpc/client.ts'
import { type FromEngine, nativePortId, type ToEngine } from '../../../src/shared/rpc/engine-link.ts'
import { SimplePort } from '../../../src/shared/rpc/port.ts'
import { serve } from '../../../src/shared/rpc/server.ts'

const kills = 200
const directory = mkdtempSync(join(tmpdir(), 'quarterdeck-kill-'))
const root = join(import.meta.dirname, '../../..')
// built as the app has it, which starts several times faster than its sources; inside the project, where its packages are found
const built = join(root, 'test-results', `engine-${process.pid}`)
const entry = join(built, 'index.cjs')
let child: ChildProcess | null = null
beforeAll(async () => {
  await build({
    configFile: join(root, 'vite.engine.config.ts'),
    root,
    build: { outDir: built, sourcemap: false },
    logLevel: 'error',
  })
}, 120_000)
afterAll(() => {
  child?.kill('SIGKILL')
  rmSync(built, { recursive: true, force: true })
  rmSync(directory, { recursive: true, force: true })
})

/** The shell's half of the link, as small as it can be. */
async function startEngine() {
  const started = fork(entry, [], { execArgv: [], serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  child = started
  let output = ''
  for (const stream of [started.stdout, started.stderr])
    stream?.on('data', chunk => {
      output = `${output}${chunk}`.slice(-4_000)
    })
  const send = (message: ToEngine): void => {
    if (started.connected) started.send(message, () => {})
  }
  const portFor = (id: number): SimplePort =>
    new SimplePort({ send: data => send({ type: 'data', id, data }), end: () => send({ type: 'close', id }) })
  const ports = [portFor(nativePortId), portFor(1)] as const
  const ready = new Promise<void>((resolve, reject) => {
    started.on('exit', code => reject(new Error(`the engine ended with ${code}: ${output}`)))
    started.on('message', received => {
      const message = received as unknown as FromEngine
      if (message.type === 'ready') resolve()
      else if (message.type === 'data') ports[message.id]?.deliver(message.data)
    })
  })
  const gone = new Promise<void>(resolve => started.on('exit', () => resolve()))
  void gone.then(() => ports.forEach(port => void port.gone()))
  serve(nativeContract, ports[0], {
    'notification.show': () => ({ shown: true, reason: null }),
    'tray.set': () => {},
    'keyring.status': () => ({ available: true, reason: null }),
    'keyring.wrap': plain => plain.map(byte => byte ^ 0xff),
    'keyring.unwrap': wrapped => wrapped.map(byte => byte ^ 0xff),
  })
  send({ type: 'init', init: { dataDirectory: directory, version: 'test' } })
  send({ type: 'port', id: 1 })
  const client = connect(engineContract, ports[1])
  await ready
  return { client, kill: () => started.kill('SIGKILL'), gone }
}

function draft(name: string): HostDraft {
  return HostDraft.parse({
    name,
    // nothing answers there, so that links come and go as well
    address: '127.0.0.1',
    port: 1,
    user: 'nobody',
    auth: { kind: 'password' },
    sudo: 'none',
    jump: null,
    userUnits: false,
  })
}

it(`survives ${kills} kills under load`, async () => {
  const names = new Map<string, string>()
  const passwords = new Set<string>()
  let seconds: number | null = null
  let random = 12345
  const chance = (): number => {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
    return random / 2_147_483_648
  }
  for (let round = 0; round < kills; round++) {
    const { client, kill, gone } = await startEngine()
    const vault = await client.call('vault.status', undefined)
    if (vault.state === 'uninitialised') await client.call('vault.create', { passphrase: null })
    // what was acknowledged before the last kill is all there
    const views = await client.call('host.list', undefined)
    const present = new Map(views.map(view => [view.host.id, view.host]))
    for (const [id, name] of names) expect(present.get(id)?.name, `round ${round}`).toBe(name)
    for (const id of passwords) expect(present.get(id)?.stored.password, `round ${round}`).toBe(true)
    const settings = await client.call('settings.get', undefined)
    if (seconds !== null) expect(settings.sampleSecondsIdle).toBe(seconds)
    for (const { host } of views) if (host.kind === 'ssh' && !names.has(host.id)) names.set(host.id, host.name) // arrived just before the kill

    // several writers at once, and the kill at any moment between them
    let killed = false
    const add = async (): Promise<void> => {
      for (let n = 0; !killed && n < 3; n++) {
        const secrets = { password: `secret-${round}-${n}` }
        const host = await client.call('host.add', { draft: draft(`h-${round}-${n}`), secrets })
        names.set(host.id, host.name)
        passwords.add(host.id)
      }
    }
    const change = async (): Promise<void> => {
      for (let n = 0; !killed; n++) {
        const wanted = 5 + ((round * 31 + n) % 290)
        // while the answer is under way either value is right
        seconds = null
        await client.call('settings.set', { sampleSecondsIdle: wanted })
        if (!killed) seconds = wanted
      }
    }
    const remove = async (): Promise<void> => {
      const [id] = names.keys()
      if (id === undefined || names.size < 12) return
      names.delete(id)
      passwords.delete(id)
      await client.call('host.remove', id)
    }
    const writers = Promise.allSettled([add(), change(), remove()])
    await new Promise(resolve => setTimeout(resolve, chance() * 60))
    killed = true
    kill()
    await gone
    await writers
    client.dispose()
    if (round % 20 === 19 || round === kills - 1) {
      for (const file of readdirSync(directory).filter(name => name.endsWith('.db'))) {
        const db = new Database(join(directory, file))
        expect(db.pragma('integrity_check'), file).toEqual([{ integrity_check: 'ok' }])
        db.close()
      }
    }
  }
  expect(names.size).toBeGreaterThan(5)
  expect(readdirSync(directory).filter(name => name.includes('damaged'))).toEqual([])
}, 1_200_000)
