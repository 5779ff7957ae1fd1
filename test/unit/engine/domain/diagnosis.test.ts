// Proves what the difference between two vantages is taken for (R16).
import { describe, expect, it } from 'vitest'
import { combineVantages, type Look } from '../../../../src/engine/domain/diagnosis.ts'
import type { ProbeCause } from '../../../../src/shared/model/check.ts'

const well: Look = { status: 'healthy', message: '200 in 12 ms', cause: null, latencyMs: 12 }
const slow: Look = { status: 'degraded', message: 'slow', cause: 'health', latencyMs: 3000 }
const ill = (cause: ProbeCause, message: string = cause): Look => ({ status: 'unhealthy', message, cause })
const unknown = (cause: ProbeCause): Look => ({ status: 'unknown', message: 'link lost', cause })

describe('two vantages', () => {
  it.each<[string, Look, Look, Look['status'], ProbeCause | null, RegExp]>([
    ['both well', well, well, 'healthy', null, /^200 in 12 ms$/],
    [
      'the app',
      ill('health', '500'),
      ill('health', '502'),
      'unhealthy',
      'health',
      /^The service itself: 500; from here: 502/,
    ],
    ['the proxy', well, ill('health', '502'), 'unhealthy', 'network', /\(proxy\): 502\. On the host: 200/],
    ['DNS', well, ill('dns'), 'unhealthy', 'dns', /DNS/],
    ['TLS', well, ill('certificate'), 'unhealthy', 'certificate', /TLS/],
    ['the way', well, ill('network'), 'unhealthy', 'network', /firewall/],
    ['a rate limit', well, ill('rate-limit'), 'unhealthy', 'rate-limit', /proxy/],
    ['slow only from here', well, slow, 'degraded', 'network', /proxy/],
    ['own uplink', well, unknown('network'), 'healthy', null, /from here it is not known: link lost/],
    ['only the host sees it ill', ill('health', '500'), well, 'unhealthy', 'health', /looks better/],
    ['ill on both, worse on the host', ill('unit'), slow, 'unhealthy', 'unit', /looks better/],
    ['the link, but it answers from here', unknown('host'), well, 'healthy', null, /from the host it is not known/],
    [
      'the link, and it is ill from here',
      unknown('host'),
      ill('health', '500'),
      'unhealthy',
      'health',
      /^From here: 500/,
    ],
    ['neither the link nor the way', unknown('host'), ill('network'), 'unknown', 'network', /out of reach from here/],
    [
      'the link, and it is slow from here',
      unknown('host'),
      { ...slow, cause: 'network' },
      'degraded',
      'network',
      /^From here/,
    ],
    ['nothing known', unknown('host'), unknown('network'), 'unknown', 'host', /Not known/],
  ])('%s', (_, host, local, status, cause, message) => {
    const result = combineVantages(host, local)
    expect([result.status, result.cause]).toEqual([status, cause])
    expect(result.message).toMatch(message)
  })

  it('S20 what is well on its host never looks like something that a restart mends', () => {
    for (const cause of ['unit', 'health', 'resource'] as const)
      expect(['unit', 'health', 'resource']).not.toContain(combineVantages(well, ill(cause)).cause)
  })

  it('keeps the latency and numbers of the host, or else those from here', () => {
    const numbers = [{ name: 'updates', value: 7 }]
    expect(combineVantages({ ...well, numbers }, { ...ill('network'), numbers: [] })).toMatchObject({
      latencyMs: 12,
      numbers,
    })
    expect(combineVantages(unknown('host'), { ...well, latencyMs: 30, numbers })).toMatchObject({
      latencyMs: 30,
      numbers,
    })
  })

  it('stays within what a probe may say', () => {
    expect(combineVantages(ill('health', 'x'.repeat(2000)), ill('health', 'y'.repeat(2000))).message).toHaveLength(2000)
  })
})
