// Which lines of a long list are in view, for lists longer than a browser can make an element high. Pure; knows no element.

/** Browsers lay out no element higher than about 33.5 million pixels; this is well below, at any zoom. */
export const highestPx = 12_000_000

export interface LineWindow {
  readonly first: number
  /** One beyond the last. */
  readonly end: number
  /** Where the first line stands within the scrolled element. */
  readonly offsetPx: number
  readonly totalPx: number
}

/**
 * The lines to draw for a scroll position. While the list fits, a pixel is a pixel; beyond that, positions are mapped in proportion, and the
 * drawn block is placed under the view, so that lines still are where they seem to be.
 */
export function lineWindow(count: number, rowPx: number, scrollTop: number, viewPx: number, overscan = 10): LineWindow {
  const realPx = count * rowPx
  const totalPx = Math.min(realPx, highestPx)
  const room = Math.max(0, totalPx - viewPx)
  const realRoom = Math.max(0, realPx - viewPx)
  const realTop = room === 0 ? 0 : (Math.min(scrollTop, room) / room) * realRoom
  const first = Math.max(0, Math.floor(realTop / rowPx) - overscan)
  const end = Math.min(count, Math.ceil((realTop + viewPx) / rowPx) + overscan)
  const offsetPx = Math.min(scrollTop, room) - (realTop - first * rowPx)
  return { first, end, offsetPx: Math.max(0, offsetPx), totalPx }
}

/** The scroll position at which `line` is the first in view. */
export function scrollTopOf(line: number, count: number, rowPx: number, viewPx: number): number {
  const realPx = count * rowPx
  const room = Math.max(0, Math.min(realPx, highestPx) - viewPx)
  const realRoom = Math.max(0, realPx - viewPx)
  return realRoom === 0 ? 0 : Math.min(room, ((line * rowPx) / realRoom) * room)
}
