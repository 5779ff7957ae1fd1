// Proves that an engine that cannot start leaves nothing behind: no timer, and no lock on its data.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { createEngine } from '../../../src/engine/engine.ts'
import { ManualClock } from '../../../src/engine/lib/clock.ts'
import { Redactor, silentLogger } from '../../../src/engine/lib/log.ts'
import { Fleet } from '../../../src/engine/runtime/fleet.ts'
import { headlessNative } from '../../../src/engine/runtime/native-client.ts'

const directory = mkdtempSync(join(tmpdir(), 'quarterdeck-engine-'))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

it('lets go of its data when a part cannot start, so that the next start can', async () => {
  const clock = new ManualClock()
  const options = {
    dataDirectory: directory,
    version: '0',
    native: headlessNative(silentLogger),
    clock,
    log: silentLogger,
    redactor: new Redactor(),
    sshDirectory: directory,
    local: false,
  }
  const broken = vi.spyOn(Fleet.prototype, 'start').mockRejectedValueOnce(new Error('a bug'))
  await expect(createEngine(options)).rejects.toThrow('a bug')
  expect(clock.pending).toBe(0)
  broken.mockRestore()
  const engine = await createEngine(options)
  await engine.dispose()
  expect(clock.pending).toBe(0)
})
