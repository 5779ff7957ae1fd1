// Proves what is offered for a host by default (R20) and by what was found on it (R7), and that nothing is offered twice.
import { describe, expect, it } from 'vitest'
import { checkTypeOf } from '../../../../src/engine/checks/index.ts'
import { type Findings, isTaken, type OwnUnit, proposalsFor } from '../../../../src/engine/domain/proposals.ts'
import { CheckDraft } from '../../../../src/shared/model/check.ts'

const bot: OwnUnit = { scope: 'system', name: 'bot.service', activeState: 'active', subState: 'running' }
const defaults = (type: string) => checkTypeOf(type)?.defaults ?? null
const found: Findings = {
  ports: [
    { address: '127.0.0.1', port: 8001, process: 'python3', unit: { scope: 'system', name: 'bot.service' } },
    { address: '::1', port: 8001, process: 'python3', unit: { scope: 'system', name: 'bot.service' } },
    { address: '0.0.0.0', port: 9000, process: 'python3', unit: { scope: 'system', name: 'bot.service' } },
    { address: '0.0.0.0', port: 22, process: 'sshd', unit: { scope: 'system', name: 'ssh.service' } },
    { address: '127.0.0.1', port: 5432, process: 'postgres', unit: null },
    { address: '127.0.0.1', port: 6380, process: 'redis-server', unit: null },
    { address: '*', port: 443, process: 'nginx', unit: null },
  ],
  endpoints: [{ port: 8001, path: '/health' }],
  units: [
    {
      scope: 'system',
      name: 'bot.service',
      files: [
        { path: '/opt/bot/bot.db', kind: 'sqlite' },
        { path: '/opt/bot/cookies.txt', kind: 'cookies' },
      ],
    },
  ],
}
const offered = proposalsFor('web-1', [bot], found, defaults)

describe('what is offered', () => {
  it('R20 the default rules for the host and for each service that runs', () => {
    const keys = proposalsFor('web-1', [bot], null, defaults).map(one => one.key)
    expect(keys).toEqual([
      'host-resources',
      'disk-space',
      'running:system/bot.service',
      'memory:system/bot.service',
      'restarts:system/bot.service',
      'errors:system/bot.service',
      'activity:system/bot.service',
    ])
    const job = { ...bot, activeState: 'inactive', subState: 'dead' }
    expect(proposalsFor('web-1', [job], null, defaults)).toHaveLength(2)
    expect(offered.find(one => one.key === 'host-resources')?.draft).toMatchObject({ forSeconds: 300 })
  })

  it('R7 what was found, each port once, and not what is nobody’s own', () => {
    expect(offered.map(one => one.key).slice(7)).toEqual([
      'endpoint:8001/health',
      'port:9000',
      'postgres:5432',
      'redis:6380',
      'certificate:443',
      'sqlite:/opt/bot/bot.db',
      'login:/opt/bot/cookies.txt',
    ])
    expect(offered.find(one => one.group === 'endpoint')?.draft).toMatchObject({
      type: 'http',
      forSeconds: 120,
      unit: { name: 'bot.service' },
    })
  })

  it('R20 an endpoint that is down for 2 min is told, and what is unhealthy for 10 min is critical', () => {
    const rules = offered.filter(one => one.draft.riseSeconds !== undefined)
    expect(rules.map(one => one.key)).toEqual([
      'errors:system/bot.service',
      'activity:system/bot.service',
      'endpoint:8001/health',
    ])
    for (const { draft } of rules) expect(draft).toMatchObject({ severity: 'warning', riseSeconds: 600 })
    expect(rules.at(-1)).toMatchObject({ reason: expect.stringContaining('critical after 10') })
  })

  it('drafts that the kinds take as they are', () => {
    for (const { draft, key } of offered) {
      const spec = checkTypeOf(draft.type)?.spec.safeParse(draft.spec)
      expect(spec?.success, key).toBe(true)
      expect(CheckDraft.safeParse(draft).success, key).toBe(true)
      expect(checkTypeOf(draft.type)?.needsUnit ? draft.unit : true, key).toBeTruthy()
    }
  })

  it('nothing of a kind that this version does not have', () => {
    const without = proposalsFor('web-1', [bot], found, type => (type === 'login' ? null : defaults(type)))
    expect(without.some(one => one.group === 'login')).toBe(false)
    expect(offered.at(-1)).toMatchObject({ key: 'login:/opt/bot/cookies.txt', group: 'login' })
  })

  it('nothing that is watched already', () => {
    const taken = offered.map(one => one.draft)
    expect(offered.filter(one => !isTaken(one, taken))).toEqual([])
    expect(offered.filter(one => isTaken(one, []))).toEqual([])
    const [http] = offered.filter(one => one.group === 'endpoint')
    const fallback = { ...http?.draft, spec: { url: 'http://x/', fallbacks: ['http://127.0.0.1:8001/health'] } }
    expect(http && isTaken(http, [fallback as CheckDraft])).toBe(true)
  })
})
