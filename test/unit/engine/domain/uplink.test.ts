// Proves when this computer counts as offline (R18, decision 0008).
import { describe, expect, it } from 'vitest'
import { judgeUplink } from '../../../../src/engine/domain/uplink.ts'

const host = (id: string, reachable: boolean | null, jump: string | null = null) => ({ id, reachable, jump })
const judge = (change: Partial<Parameters<typeof judgeUplink>[0]>) =>
  judgeUplink({ desktopOnline: null, interfacesUp: true, hosts: [], ...change })

describe('S18 own uplink', () => {
  it('is down when the desktop says so, or no interface is up', () => {
    expect(judge({ desktopOnline: false, hosts: [host('a', true)] }).online).toBe(false)
    expect(judge({ interfacesUp: false }).online).toBe(false)
    expect(judge({ desktopOnline: true, interfacesUp: false }).reason).toMatch(/interface/)
  })

  it('is up where nothing speaks against it', () => {
    expect(judge({}).online).toBe(true)
    expect(judge({ desktopOnline: true, hosts: [host('a', true), host('b', false)] }).online).toBe(true)
  })

  it('is down when two or more hosts, each reached on its own, are all out of reach', () => {
    expect(judge({ hosts: [host('a', false), host('b', false)] }).online).toBe(false)
    const twenty = Array.from({ length: 20 }, (_, index) => host(`h${index}`, false))
    expect(judge({ desktopOnline: true, hosts: twenty })).toEqual({
      online: false,
      reason: 'None of 20 hosts can be reached from this computer',
    })
    expect(judge({ hosts: [...twenty.slice(1), host('h0', true)] })).toEqual({
      online: true,
      reason: '1 of 20 hosts can be reached',
    })
  })

  it('proves nothing by one host, nor by those behind it', () => {
    expect(judge({ hosts: [host('a', false)] }).online).toBe(true)
    expect(judge({ hosts: [host('gate', false), host('b', false, 'gate'), host('c', false, 'gate')] }).online).toBe(
      true,
    )
  })

  it('waits for hosts that were not tried yet', () => {
    expect(judge({ hosts: [host('a', false), host('b', false), host('c', null)] }).online).toBe(true)
  })
})
