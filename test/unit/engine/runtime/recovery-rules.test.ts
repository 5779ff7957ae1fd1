// What a person sets of recovery: judged by field, without secrets in it, and no stored secret sent elsewhere by an edit.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { createSteadyTime } from '../../../../src/engine/lib/steady-time.ts'
import { RecoveryRules } from '../../../../src/engine/runtime/recovery-rules.ts'
import type { RecoveryRunner } from '../../../../src/engine/runtime/recovery-runner.ts'
import type { Store } from '../../../../src/engine/store/store.ts'
import type { RecoveryPolicy } from '../../../../src/shared/model/recovery.ts'
import { createWorkplace, draft, type Workplace } from '../store/lib.ts'
import { policyOf, ref } from './recovery-rig.ts'

let place: Workplace
let store: Store
let rules: RecoveryRules
const saved: RecoveryPolicy[] = []
beforeEach(() => {
  place = createWorkplace()
  store = place.open()
  store.hosts.insert({ ...draft({ name: 'web-1' }), id: 'web-1', kind: 'ssh', createdAt: 1 })
  saved.length = 0
  const clock = new ManualClock()
  const runner = {
    view: () => null,
    put(policy: RecoveryPolicy, also: () => void) {
      also()
      store.recovery.put(policy, null)
      saved.push(policy)
    },
  } as unknown as RecoveryRunner
  const vault = {
    get: () => null,
    put: (id: string, secret: string) => store.secrets.put(id, Buffer.from(secret)),
    forget: (id: string) => store.secrets.remove(id),
  }
  rules = new RecoveryRules({ store, vault, runner, session: () => null, clock, steady: createSteadyTime(clock) })
})
afterEach(() => place.dispose())

const field = (name: string) => expect.objectContaining({ code: 'INVALID_INPUT', detail: { field: name } })
const call = (url: string) =>
  policyOf({ steps: [{ type: 'http-call', spec: { url, authorization: 'Bearer typed-here' } }] })

it('is not there, and off, by default', () => {
  expect(rules.get(ref)).toMatchObject({ policy: { enabled: false, attemptsPerIncident: 5 }, attemptsLeft: 5 })
  expect(() => rules.get({ ...ref, hostId: 'gone' })).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
})

it('every kind has a schema for its form, with secrets marked', () => {
  const kinds = rules.kinds()
  expect(kinds.map(({ type }) => type)).toEqual([
    ...['restart-unit', 'http-call', 'telegram-webhook', 'runbook', 'vacuum-journal', 'delete-old-logs'],
    'deactivate-unit',
  ])
  const telegram = kinds.find(({ type }) => type === 'telegram-webhook')?.schema as { properties: { token: object } }
  expect(telegram.properties.token).toMatchObject({ secret: true, title: 'Bot token' })
})

it('names the field that is wrong', () => {
  const step = (type: string, spec: Record<string, unknown>) => () =>
    rules.set(policyOf({ steps: [{ type, spec }] }), {})
  expect(step('http-call', { url: 'ftp://x' })).toThrow(field('steps.0.spec.url'))
  expect(step('magic', {})).toThrow(field('steps.0.type'))
  expect(step('runbook', { commands: [] })).toThrow(field('steps.0.spec.commands'))
  expect(() => rules.set(policyOf({ firstDelaySeconds: 60, maxDelaySeconds: 30 }), {})).toThrow(
    field('maxDelaySeconds'),
  )
  expect(() => rules.set(policyOf(), { token: 'x' })).toThrow(field('secrets.token'))
  expect(saved).toEqual([])
})

it('keeps no secret in the rule, and sends a stored one nowhere else', () => {
  rules.set(call('http://127.0.0.1:8001/restart'), { authorization: 'Bearer typed-here' })
  expect(JSON.stringify(store.recovery.policies())).not.toContain('typed-here')
  expect(store.secrets.has('recovery/web-1/system/bot.service/authorization')).toBe(true)
  rules.set(call('http://127.0.0.1:8001/restart'), {})
  expect(() => rules.set(call('http://evil.example/'), {})).toThrow(field('secrets.authorization'))
  rules.set(call('http://127.0.0.1:8002/restart'), { authorization: 'Bearer another' })
  store.recovery.remove(ref)
  expect(store.secrets.has('recovery/web-1/system/bot.service/authorization')).toBe(false)
})

it('plans without a host at hand', async () => {
  const [plan] = await rules.plan(ref, [{ type: 'restart-unit', spec: {} }], new AbortController().signal)
  expect(plan).toEqual({
    title: 'Restart bot.service',
    commands: ['systemctl restart bot.service'],
    risk: 'safe',
    consequence: null,
  })
})
