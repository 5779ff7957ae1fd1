// Kills the whole engine 200 times in the middle of its work: the databases stay sound and nothing that was acknowledged is lost.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HostDraft } from '../../../src/shared/model/host.ts'
import { KillableEngine } from './killable-engine.ts'

const kills = 200
let engine: KillableEngine
beforeAll(async () => {
  engine = await KillableEngine.build('kill')
}, 120_000)
afterAll(() => engine?.dispose())

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
  const { directory } = engine
  const names = new Map<string, string>()
  const passwords = new Set<string>()
  let seconds: number | null = null
  let random = 12345
  const chance = (): number => {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
    return random / 2_147_483_648
  }
  for (let round = 0; round < kills; round++) {
    const { client, kill, gone } = await engine.start()
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
      await client.call('host.remove', { id })
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
