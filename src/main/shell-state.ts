// What the shell itself remembers between starts: where the window was, and what was said once. Knows nothing of windows.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const Rectangle = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
})
export type Rectangle = z.infer<typeof Rectangle>

const ShellState = z.object({
  window: Rectangle.extend({ maximized: z.boolean() }).nullable().default(null),
  /** The person was told that closing the window keeps the app in the tray. */
  toldTray: z.boolean().default(false),
})
export type ShellState = z.infer<typeof ShellState>

export interface ShellStateFile {
  get(): ShellState
  set(change: Partial<ShellState>): void
}

/** Reads the file; one that is missing or damaged counts as empty, for nothing in it is worth a failed start. */
export function openShellState(file: string, onError: (error: unknown) => void = () => {}): ShellStateFile {
  let state = read(file)
  return {
    get: () => state,
    set(change) {
      state = { ...state, ...change }
      try {
        writeFileSync(`${file}.new`, `${JSON.stringify(state)}\n`, { mode: 0o600 })
        renameSync(`${file}.new`, file)
      } catch (error) {
        onError(error)
      }
    },
  }
}

function read(file: string): ShellState {
  try {
    return ShellState.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return ShellState.parse({})
  }
}

export const minimumSize = { width: 720, height: 480 }
export const usualSize = { width: 1280, height: 800 }

/** Where the window goes: as it was, when enough of its title bar would be on a display that is there; else centred (null position). */
export function placeWindow(
  saved: Rectangle | null,
  displays: readonly Rectangle[],
): { width: number; height: number; x?: number; y?: number } {
  const largest = displays.reduce(
    (most, area) => ({ width: Math.max(most.width, area.width), height: Math.max(most.height, area.height) }),
    { width: minimumSize.width, height: minimumSize.height },
  )
  const wanted = saved ?? usualSize
  const width = Math.min(Math.max(wanted.width, minimumSize.width), largest.width)
  const height = Math.min(Math.max(wanted.height, minimumSize.height), largest.height)
  if (!saved) return { width, height }
  const reachable = displays.some(area => {
    const seen = Math.min(saved.x + width, area.x + area.width) - Math.max(saved.x, area.x)
    return seen >= 100 && saved.y >= area.y && saved.y <= area.y + area.height - 40
  })
  return reachable ? { width, height, x: saved.x, y: saved.y } : { width, height }
}
