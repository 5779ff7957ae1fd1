// Proves that the window is remembered, and never put where nobody can reach it.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minimumSize, openShellState, placeWindow, usualSize } from '../../../src/main/shell-state.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quarterdeck-state-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('openShellState', () => {
  it('remembers over a restart', () => {
    const file = join(folder, 'shell.json')
    const window = { x: 1, y: 2, width: 800, height: 600, maximized: true }
    openShellState(file).set({ window })
    openShellState(file).set({ toldTray: true })
    expect(openShellState(file).get()).toEqual({ window, toldTray: true })
    expect(readdirSync(folder)).toEqual(['shell.json'])
  })

  it.each(['', '{', 'null', '[]', '{"window":{"x":"left"}}', '{"window":{"x":1e999}}'])(
    'starts afresh from a damaged file: %s',
    text => {
      const file = join(folder, 'shell.json')
      writeFileSync(file, text)
      expect(openShellState(file).get()).toEqual({ window: null, toldTray: false })
    },
  )

  it('tells of a file that cannot be written, and goes on', () => {
    const errors: unknown[] = []
    const state = openShellState(join(folder, 'no', 'such', 'folder', 'shell.json'), error => errors.push(error))
    state.set({ toldTray: true })
    expect(errors).toHaveLength(1)
    expect(state.get().toldTray).toBe(true)
  })
})

describe('placeWindow', () => {
  const display = { x: 0, y: 0, width: 1920, height: 1080 }
  const second = { x: 1920, y: -200, width: 2560, height: 1440 }

  it('centres a window that has no past', () => {
    expect(placeWindow(null, [display])).toEqual(usualSize)
  })

  it('puts it back, on either display', () => {
    const saved = { x: 100, y: 80, width: 1000, height: 700 }
    expect(placeWindow(saved, [display, second])).toEqual(saved)
    const right = { x: 2000, y: -150, width: 1000, height: 700 }
    expect(placeWindow(right, [display, second])).toEqual(right)
  })

  it('centres it when its display is gone', () => {
    expect(placeWindow({ x: 2000, y: -150, width: 1000, height: 700 }, [display])).toEqual({ width: 1000, height: 700 })
  })

  it('always leaves a piece of the title bar on some display, and a usable size', () => {
    const number = fc.integer({ min: -10_000, max: 10_000 })
    const size = fc.integer({ min: 1, max: 20_000 })
    const rectangle = fc.record({ x: number, y: number, width: size, height: size })
    fc.assert(
      fc.property(rectangle, saved => {
        const placed = placeWindow(saved, [display, second])
        expect(placed.width).toBeGreaterThanOrEqual(minimumSize.width)
        expect(placed.width).toBeLessThanOrEqual(second.width)
        expect(placed.height).toBeLessThanOrEqual(second.height)
        if (placed.x === undefined || placed.y === undefined) return
        const { x, y, width } = placed
        const seen = [display, second].some(
          area =>
            x < area.x + area.width - 50 && x + width > area.x + 50 && y >= area.y && y <= area.y + area.height - 40,
        )
        expect(seen).toBe(true)
      }),
    )
  })
})
