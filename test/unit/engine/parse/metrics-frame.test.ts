// Proves that looks are understood in both of their forms, and that anything else is refused.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameReader } from '../../../../src/engine/parse/metrics-frame.ts'
import type { ProcLook } from '../../../../src/engine/parse/proc-look.ts'

const names = 'N7\t 0 1\t eth0\t vda\t 3'
/** uptime, load × 3, memory × 2, swap × 2, cpu × 2, two cores, eth0 × 2, vda × 2, a unit × 4 */
const first = 'F7:20:+100000+50+25+10+4000+3000~2+300+1000+100+200+5000+6000+70+80+1+250+64+2'

function looks(lines: readonly string[]): (ProcLook | null)[] {
  const reader = new FrameReader()
  return lines.map(line => reader.line(line)?.look ?? null)
}

describe('deltas', () => {
  test('a first look and what changed after it', () => {
    const [, one, two] = looks([names, first, 'F8:20:+200~9+7~6+5-1'])
    expect(one).toMatchObject({
      uptime: 1000,
      load: [0.5, 0.25, 0.1],
      memory: { totalKb: 4000, availableKb: 3000 },
      swap: { totalKb: 0, freeKb: 0 },
      cpu: { busy: 300, total: 1000 },
    })
    expect(one?.net.get('eth0')).toEqual({ rx: 5000, tx: 6000 })
    expect(one?.disks.get('vda')).toEqual({ read: 70, written: 80 })
    expect(one?.units.get('3')).toEqual({ kind: 'running', cpuMs: 250, memoryBytes: 65536, processes: 2 })
    expect(two?.uptime).toBe(1002)
    expect([...(two?.cores.values() ?? [])]).toEqual([107, 200])
    expect(two?.units.get('3')).toMatchObject({ cpuMs: 255, memoryBytes: 63 * 1024 })
  })

  test('names that change start anew', () => {
    const [, , , look] = looks([names, first, 'N8\t 0\t\t\t', 'F8:11:+1~9+5'])
    expect(look?.uptime).toBe(0.01)
    expect([...(look?.cores ?? [])]).toEqual([['0', 5]])
    expect(look?.units.size).toBe(0)
  })

  test('a frame of any counters is read back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(2 ** 50), { minLength: 11, maxLength: 11 }), { minLength: 1, maxLength: 5 }),
        rows => {
          const reader = new FrameReader()
          reader.line('N1\t 0\t\t\t')
          let before = new Array<number>(11).fill(0)
          for (const row of rows) {
            const deltas = row.map((value, i) => value - (before[i] ?? 0))
            const text = deltas.map(delta => (delta === 0 ? '~' : `${delta > 0 ? '+' : ''}${delta}`)).join('')
            const look = reader.line(`F1:11:${text}`)?.look
            expect(look?.cpu).toEqual({ busy: row[8], total: row[9] })
            expect(look?.cores.get('0')).toBe(row[10])
            before = row
          }
        },
      ),
    )
  })

  test.each([
    ['a frame before names', [first]],
    ['a frame of another length', [names, 'F7:19:+1']],
    ['too many numbers', [names, `F7:20:${'+1'.repeat(21)}`]],
    ['a run beyond the end', [names, 'F7:20:~99']],
    ['a sign without digits', [names, 'F7:20:+']],
    ['a number out of range', [names, 'F7:20:+99999999999999999999']],
    ['something else', ['-bash: awk: command not found']],
    ['broken names', ['N7\t0 1\teth0']],
    ['too many names', [`N7\t${' 1'.repeat(5000)}\t\t\t`]],
    ['frames inside frames', ['B5', '@stat', 'E6']],
  ])('S36 %s is refused', (_, lines) => {
    expect(() => looks(lines)).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
  })

  test('S36 any line is a look, nothing yet, or refused', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.stringMatching(/^[FNBE][0-9]{0,3}[:\t]?[0-9+~: \t-]{0,40}$/),
      fc.constantFrom(names, first, 'B5', '@stat', 'cpu 1 2 3', 'E5', '@u 3', 'p 1 (x) S', 'F8:20:~20'),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), lines => {
        try {
          looks(lines)
        } catch (error) {
          expect(error).toMatchObject({ code: 'PROTOCOL' })
        }
      }),
      { numRuns: 500 },
    )
  })

  test('S36 a plain frame without an end is given up', () => {
    const reader = new FrameReader()
    reader.line('B1')
    const flood = (): void => {
      for (let i = 0; i < 2_000; i++) reader.line('x'.repeat(1000))
    }
    expect(flood).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
  })
})

describe('plain copies', () => {
  const stat = (pid: number, comm: string, own: number, rss: number): string =>
    `p ${pid} (${comm}) S 1 1 1 0 -1 4194304 0 0 0 0 ${own} 0 0 0 20 0 1 0 777 1000 ${rss} 0`

  test('units: running, hidden, absent, counted by the control group', () => {
    const frame = (own: number): string[] => [
      'B1',
      '@uptime',
      `${1000 + own}.5 1.0`,
      '@stat',
      'cpu  1 2 3 4 5 6 7 8',
      'cpu0 1 2 3 4 5 6 7 8',
      '@u 1',
      stat(10, 'a) S (b', own, 3),
      '@u 2',
      'h 20',
      '@u 3',
      'a',
      '@u 4',
      'c 5000000',
      'm 4096',
      'h 30',
      'E1',
    ]
    const reader = new FrameReader()
    for (const line of frame(5)) reader.line(line)
    const look = frame(25).reduce<ProcLook | null>((last, line) => reader.line(line)?.look ?? last, null)
    expect(look?.uptime).toBe(1025.5)
    expect(look?.cpu).toEqual({ busy: 1 + 2 + 3 + 6 + 7 + 8, total: 36 })
    expect(look?.units.get('1')).toEqual({ kind: 'running', cpuMs: 200, memoryBytes: 3 * 4096, processes: 1 })
    expect(look?.units.get('2')).toEqual({ kind: 'unreadable', processes: 1 })
    expect(look?.units.get('3')).toEqual({ kind: 'absent' })
    expect(look?.units.get('4')).toEqual({ kind: 'running', cpuMs: 5000, memoryBytes: 4096, processes: 1 })
  })
})
