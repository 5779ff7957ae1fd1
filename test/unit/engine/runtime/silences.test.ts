// Silences go with the host that they are about; those of everything stay.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { createLogger, Redactor } from '../../../../src/engine/lib/log.ts'
import { Silences } from '../../../../src/engine/runtime/silences.ts'
import { openStore } from '../../../../src/engine/store/store.ts'
import { CheckDraft } from '../../../../src/shared/model/check.ts'
import type { SilenceDraft } from '../../../../src/shared/model/incident.ts'
import { draft as host } from '../store/lib.ts'

test('S17 what was silenced of a host is not silenced of the next one that gets its id', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quarterdeck-silences-'))
  const clock = new ManualClock()
  const log = createLogger({ sink: () => {}, now: () => clock.now(), redactor: new Redactor() })
  const store = openStore({ directory, clock, log })
  const silences = new Silences({ store, clock, publish: () => {} })
  const draft = (name: string, hostId: string | null): SilenceDraft => ({
    name,
    kind: 'silence',
    scope: { hostId, unit: null, checkId: null, tag: null },
    schedule: { kind: 'once', from: clock.now(), until: null },
  })
  silences.add(draft('of web-1', 'web-1'), 'person')
  silences.add(draft('of db-1', 'db-1'), 'person')
  // also what was said of one of its checks alone
  store.hosts.insert({ ...host({ name: 'web-1' }), id: 'web-1', kind: 'ssh', createdAt: 0 })
  const check = CheckDraft.parse({ hostId: 'web-1', type: 'tcp', name: 'Port', spec: {}, unit: null })
  store.checks.insert({ ...check, id: 'port', builtIn: false, createdAt: 0 })
  const ofCheck = draft('of its port', null)
  silences.add({ ...ofCheck, scope: { ...ofCheck.scope, checkId: 'port' } }, 'person')
  const subject = { hostId: 'web-1', unit: null, checkId: 'a', tags: [] }
  expect(silences.mutes(subject)).toBe('silence')
  silences.hostRemoved('web-1')
  expect(silences.mutes(subject)).toBeNull()
  expect(silences.list().map(({ name }) => name)).toEqual(['of db-1'])
  silences.dispose()
  store.close()
  rmSync(directory, { recursive: true })
})
