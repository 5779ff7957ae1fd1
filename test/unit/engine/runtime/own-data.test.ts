// Everything goes into a file under a passphrase and comes back on another computer; a copy is taken every day.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { createLogger, Redactor } from '../../../../src/engine/lib/log.ts'
import { OwnData } from '../../../../src/engine/runtime/own-data.ts'
import { createVault } from '../../../../src/engine/runtime/vault.ts'
import { openStore } from '../../../../src/engine/store/store.ts'

const folders: string[] = []
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'quarterdeck-own-'))
  folders.push(made)
  return made
}

/** A computer with its keyring, or without one. */
async function computer(directory = folder()) {
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  const log = createLogger({ sink: () => {}, now: () => clock.now() })
  const store = openStore({ directory, clock, log })
  const own = Math.random()
  const vault = createVault({
    secrets: store.secrets,
    meta: store.vaultMeta,
    log,
    redactor: new Redactor(),
    native: {
      keepKey: async () => {},
      keptKey: async () => null,
      keyringStatus: async () => ({ available: true, reason: null }),
      keyringWrap: async plain => Buffer.concat([Buffer.from(`${own}|`), plain]),
      keyringUnwrap: async wrapped => Buffer.from(wrapped).subarray(`${own}|`.length),
    },
  })
  await vault.start()
  const data = new OwnData({ store, vault, clock, log })
  const close = (): void => {
    data.dispose()
    store.close()
  }
  ends.push(close)
  return { clock, store, vault, data, directory, close }
}

test('all goes into a file, secrets under the passphrase, and comes back on another computer', async () => {
  const here = await computer()
  await here.vault.create(null)
  here.vault.put('host/a/password', 'correct-horse-canary')
  const path = join(folder(), 'everything.db')
  await here.data.export(path, 'a long passphrase')
  expect(readFileSync(path).includes('correct-horse-canary')).toBe(false)

  const there = await computer()
  expect(there.data.look(path)).toEqual({ hosts: 0, checks: 0, secrets: 1, passphrase: true })
  for (const wrong of [null, 'a wrong passphrase'])
    await expect(there.data.import(path, wrong)).rejects.toMatchObject({ code: 'VAULT_PASSPHRASE_WRONG' })
  await there.data.import(path, 'a long passphrase')
  there.close()
  const after = await computer(there.directory)
  expect(after.vault.status().state).toBe('locked')
  await after.vault.unlock('a long passphrase')
  expect(after.vault.get('host/a/password')).toBe('correct-horse-canary')
  // what was there is a copy now
  expect(after.data.copies()).toHaveLength(1)
})

test('a locked vault cannot be exported, and a half path is no path', async () => {
  const here = await computer()
  await here.vault.create('a long passphrase')
  here.vault.lock()
  await expect(here.data.export('/tmp/never.db', 'a long passphrase')).rejects.toMatchObject({ code: 'VAULT_LOCKED' })
  here.vault.unlock('a long passphrase')
  await expect(here.data.export('x/never.db', 'a long passphrase')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
})

test('a copy is taken soon after the start, then once a day, and not again within one', async () => {
  const { data, clock } = await computer()
  data.start()
  expect(data.copies()).toHaveLength(0)
  const settle = async (count: number): Promise<void> => {
    await expect.poll(() => data.copies().length).toBe(count)
    // the next look is planned once the copy is there
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  clock.advance(31_000)
  await settle(1)
  for (let hour = 0; hour < 23; hour++) clock.advance(3_600_000)
  await settle(1)
  clock.advance(3_600_000)
  await settle(2)
  data.dispose()
})
