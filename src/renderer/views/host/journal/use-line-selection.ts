// The text that is selected within one line of a journal. Knows no list: only the part of the page that it looks at.
import { type RefObject, useEffect, useState } from 'react'

export interface LineSelection {
  readonly text: string
  /** The line's place in the list; null for the details of the chosen line. */
  readonly index: number | null
}

/** Null where nothing is selected, or more than one line. */
export function useLineSelection(within: RefObject<HTMLElement | null>): LineSelection | null {
  const [found, setFound] = useState<LineSelection | null>(null)
  useEffect(() => {
    const look = (): void => {
      const next = selectionIn(within.current)
      setFound(old => (old?.text === next?.text && old?.index === next?.index ? old : next))
    }
    document.addEventListener('selectionchange', look)
    return () => document.removeEventListener('selectionchange', look)
  }, [within])
  return found
}

function selectionIn(part: HTMLElement | null): LineSelection | null {
  const selection = window.getSelection()
  const text = selection?.toString().trim() ?? ''
  if (!part || !selection || text === '') return null
  const from = lineOf(selection.anchorNode)
  if (!from || !part.contains(from) || lineOf(selection.focusNode) !== from) return null
  return { text, index: from.dataset.index === undefined ? null : Number(from.dataset.index) }
}

function lineOf(node: Node | null): HTMLElement | null {
  const element = node instanceof Element ? node : (node?.parentElement ?? null)
  return element?.closest<HTMLElement>('[data-index], [data-whole-line]') ?? null
}
