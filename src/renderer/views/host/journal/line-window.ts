// Which lines of a long list are in view, for lists longer than a browser can make an element high. Pure; knows no element.

/** Browsers lay out no element higher than about 33.5 million pixels; this is well below, at any zoom. */
export const highestPx = 12_000_000

export interface LineWindow {
  readonly first: number
  /** One beyond the last. */
  readonly end: number
  /** Where the first line stands within the scrolled element. */
  readonly offsetPx: number
  /** Where the scrolled element has to stand for it. */
  readonly scrollTop: number
  readonly totalPx: number
}

/**
 * The lines to draw when `topLine` is the first in view (a part of it may be above). While the list fits, a pixel is a pixel; beyond that,
 * positions are mapped in proportion, and the drawn block is placed under the view, so that lines stand still where they are while others come.
 */
export function lineWindow(count: number, rowPx: number, topLine: number, viewPx: number, overscan = 10): LineWindow {
  const realRoom = Math.max(0, count * rowPx - viewPx)
  const realTop = Math.min(realRoom, Math.max(0, topLine * rowPx))
  const first = Math.max(0, Math.floor(realTop / rowPx) - overscan)
  const end = Math.min(count, Math.ceil((realTop + viewPx) / rowPx) + overscan)
  const scrollTop = scrollTopOf(topLine, count, rowPx, viewPx)
  const offsetPx = Math.max(0, scrollTop - (realTop - first * rowPx))
  return { first, end, offsetPx, scrollTop, totalPx: Math.min(count * rowPx, highestPx) }
}

/** The scroll position at which `line` is the first in view; as near to it as there is, at the ends. */
export function scrollTopOf(line: number, count: number, rowPx: number, viewPx: number): number {
  const { room, realRoom } = roomOf(count, rowPx, viewPx)
  return realRoom === 0 ? 0 : Math.max(0, Math.min(room, ((line * rowPx) / realRoom) * room))
}

/** The line that is the first in view at this scroll position, with the part of it that is above. */
export function lineAt(scrollTop: number, count: number, rowPx: number, viewPx: number): number {
  const { room, realRoom } = roomOf(count, rowPx, viewPx)
  return room === 0 ? 0 : ((Math.max(0, Math.min(scrollTop, room)) / room) * realRoom) / rowPx
}

function roomOf(count: number, rowPx: number, viewPx: number): { room: number; realRoom: number } {
  const realPx = count * rowPx
  return { room: Math.max(0, Math.min(realPx, highestPx) - viewPx), realRoom: Math.max(0, realPx - viewPx) }
}
