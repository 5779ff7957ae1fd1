// Proves that a host is not called down while it is open whether this computer lost its own network.
import { expect, it } from 'vitest'
import type { HostSession } from '../../../../src/engine/runtime/host-session.ts'
import { HostWatch } from '../../../../src/engine/runtime/host-watch.ts'
import type { Prober } from '../../../../src/engine/runtime/prober.ts'
import type { Check } from '../../../../src/shared/model/check.ts'
import { FakeLink } from './fake-host.ts'

it('R18 what nothing answers is unknown while all may be this computer’s own trouble, and a failure otherwise', () => {
  const fed: string[] = []
  const check = { id: 'reach', hostId: 'web-1', enabled: true } as Check
  const prober = {
    checksOf: () => [check],
    hurryHost: () => {},
    record: (_check: Check, _unit: null, result: { status: string }) => void fed.push(result.status),
  }
  let suspect = false
  const watch = new HostWatch(prober as unknown as Prober, () => suspect)
  const link = new FakeLink()
  const attached = watch.attach({ host: { id: 'web-1', jump: null }, link } as unknown as HostSession)
  link.to('ready')
  suspect = true
  link.status = { ...link.status, error: { code: 'LINK_LOST', message: 'no answer' } }
  link.to('backoff')
  watch.look(check)
  expect(fed).toEqual(['healthy', 'unknown', 'unknown'])
  // a host that answers, if only to refuse, is no trouble of ours
  link.status = { ...link.status, error: { code: 'PORT_CLOSED', message: 'refused' } }
  link.to('backoff')
  watch.look(check)
  expect(fed.at(-1)).toBe('unhealthy')
  suspect = false
  link.status = { ...link.status, error: { code: 'LINK_LOST', message: 'no answer' } }
  link.to('backoff')
  watch.look(check)
  expect(fed.at(-1)).toBe('unhealthy')
  attached.dispose()
  watch.dispose()
})
