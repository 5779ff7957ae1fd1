// The journal viewer: a window onto a million lines that follows until one scrolls up. Knows nothing of where its filters come from.
import { ArrowDownToLine, ListChecks } from 'lucide-react'
import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type WheelEvent,
} from 'react'
import type { JournalFilter } from '../../../../shared/model/journal.ts'
import type { UnitScope } from '../../../../shared/model/unit.ts'
import { Button, LinkButton } from '../../../components/button.tsx'
import { ErrorState } from '../../../components/faces.tsx'
import { formatCount } from '../../../lib/format.ts'
import { patternOfText } from '../../../lib/line-pattern.ts'
import css from './journal.module.css'
import { Earlier, NoLines } from './journal-faces.tsx'
import { lineCheckPath } from './line-check.ts'
import { LineDetails } from './line-details.tsx'
import { LineRow, lineId } from './line-row.tsx'
import type { Line } from './line-store.ts'
import { lineAt, lineWindow } from './line-window.ts'
import { type Journal, useJournal } from './use-journal.ts'
import { useLineSelection } from './use-line-selection.ts'

const rowRem = 1.375
/** As near to the end as this counts as being there. */
const nearPx = 24

export interface JournalPanelProps {
  readonly filters: readonly JournalFilter[]
  /** Without the unit's column, where all lines are of one unit. */
  readonly compact?: boolean
  /** Names of hosts by id, where lines of several are shown. */
  readonly hostNames?: ReadonlyMap<string, string>
}

export function JournalPanel(props: JournalPanelProps): ReactNode {
  const journal = useJournal(props.filters)
  if (journal.state === 'failed' && journal.error && journal.store.length === 0) {
    return <ErrorState error={journal.error} title="The journal could not be read" onRetry={journal.retry} />
  }
  return <Viewer {...props} journal={journal} />
}

function Viewer(props: JournalPanelProps & { journal: Journal }): ReactNode {
  const { journal, filters, compact = false, hostNames } = props
  const { store, arrived, prepended } = journal
  const section = useRef<HTMLElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const rowPx = rowRem * useRem()
  const [viewPx, setViewPx] = useState(0)
  const [following, setFollowing] = useState(true)
  /** The first line in view while it does not follow; counted as `selected` is. */
  const [top, setTop] = useState(0)
  const [seenUpTo, setSeenUpTo] = useState(0)
  /** Counted from the newest line that was ever dropped, so that it stays on its line as others come and go. */
  const [selected, setSelected] = useState<number | null>(null)
  const count = store.length
  const origin = prepended - store.dropped
  const topLine = following ? count : top + origin
  const range = lineWindow(count, rowPx, topLine, viewPx)
  const lastTop = useRef(0)

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const observer = new ResizeObserver(() => setViewPx(element.clientHeight))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  // Lines that come or go elsewhere must not move those in view; the height is known, so that none has to be measured.
  const { scrollTop } = range
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element || Math.abs(lastTop.current - scrollTop) < 1) return
    lastTop.current = scrollTop
    element.scrollTop = scrollTop
  }, [scrollTop])

  const stay = (line: number): void => {
    if (following) setSeenUpTo(arrived)
    setFollowing(false)
    setTop(line - origin)
  }
  const onScroll = (): void => {
    const now = scroller.current?.scrollTop ?? 0
    const before = lastTop.current
    lastTop.current = now
    if (Math.abs(now - before) < 1) return
    const atEnd = range.totalPx - now - viewPx < nearPx
    // Only a scroll upwards ends the following, only one downwards begins it: new lines alone move the end as well.
    if (now > before && atEnd) setFollowing(true)
    else if (now < before || !following) stay(lineAt(now, count, rowPx, viewPx))
  }
  const onWheel = (event: WheelEvent): void => {
    // At once, or a slow scroll would be pulled back by the next line.
    if (following && event.deltaY < 0 && count * rowPx > viewPx) stay(lineAt(range.scrollTop, count, rowPx, viewPx))
  }
  const toNewest = (): void => setFollowing(true)

  const selectedIndex = selected === null ? -1 : selected + origin
  const topLineShown = lineAt(range.scrollTop, count, rowPx, viewPx)
  const select = (index: number): void => {
    if (index < 0 || index >= count) return
    setSelected(index - origin)
    const shown = Math.floor(viewPx / rowPx)
    if (index < topLineShown) stay(index)
    else if (index >= topLineShown + shown) stay(index - shown + 1)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(viewPx / rowPx) - 1)
    const from = selectedIndex < 0 ? count - 1 : selectedIndex
    const target = { ArrowUp: from - 1, ArrowDown: from + 1, PageUp: from - page, PageDown: from + page, Home: 0 }[
      event.key
    ]
    if (event.key === 'End') toNewest()
    else if (event.key === 'Escape' && selected !== null) setSelected(null)
    else if (target !== undefined) select(Math.min(count - 1, Math.max(0, target)))
    else return
    event.preventDefault()
  }

  useLineClicks(scroller, index => setSelected(index - origin))

  const rows: ReactNode[] = []
  for (let index = range.first; index < range.end; index++) {
    const line = store.line(index)
    if (!line) continue
    rows.push(
      <LineRow
        key={index - origin}
        line={line}
        index={index}
        rowPx={rowPx}
        compact={compact}
        hostName={hostNames?.get(line.hostId)}
        selected={index === selectedIndex}
      />,
    )
  }
  const newLines = Math.max(0, arrived - seenUpTo)
  const chosen = store.line(selectedIndex)
  const scopeOf = (line: Line): UnitScope => filters.find(one => one.hostId === line.hostId)?.scope ?? 'system'
  const marked = useLineSelection(section)
  const markedLine = marked && (marked.index === null ? chosen : store.line(marked.index))
  return (
    <section ref={section} className={css.panel} aria-label="Journal">
      <Earlier journal={journal} />
      <div className={css.lines}>
        <div
          ref={scroller}
          className={css.scroller}
          tabIndex={0}
          role="listbox"
          aria-label="Lines"
          aria-activedescendant={
            selectedIndex >= range.first && selectedIndex < range.end ? lineId(selectedIndex) : undefined
          }
          onScroll={onScroll}
          onWheel={onWheel}
          onKeyDown={onKeyDown}
        >
          <div className={css.all} style={{ height: `${range.totalPx}px` }}>
            <div className={css.drawn} style={{ transform: `translateY(${range.offsetPx}px)` }}>
              {rows}
            </div>
          </div>
        </div>
        {/* Beside the list, which may hold nothing but lines. */}
        {count === 0 && (
          <div className={css.noLines}>
            <NoLines key={journal.state} state={journal.state} />
          </div>
        )}
        {marked && markedLine && (
          <LinkButton
            className={css.marked}
            size="small"
            icon={ListChecks}
            to={lineCheckPath(markedLine, scopeOf(markedLine), patternOfText(marked.text))}
          >
            Make a check of the selection
          </LinkButton>
        )}
        {!following && (
          <Button className={css.newest} look="primary" size="small" icon={ArrowDownToLine} onClick={toNewest}>
            Jump to newest{newLines > 0 ? ` (${formatCount(newLines)} new)` : ''}
          </Button>
        )}
      </div>
      {chosen && <LineDetails line={chosen} scope={scopeOf(chosen)} onClose={() => setSelected(null)} />}
    </section>
  )
}

/** Delegated: one listener for all lines, however many are drawn. */
function useLineClicks(scroller: { readonly current: HTMLElement | null }, onClick: (index: number) => void): void {
  const latest = useRef(onClick)
  useEffect(() => {
    latest.current = onClick
  })
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const listener = (event: MouseEvent): void => {
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-index]') : null
      // a click that ends a selection of text chooses nothing
      if (row?.dataset.index !== undefined && !window.getSelection()?.toString())
        latest.current(Number(row.dataset.index))
    }
    element.addEventListener('click', listener)
    return () => element.removeEventListener('click', listener)
  }, [scroller])
}

/** Kept, because asking for it in each frame would make the page compute its styles each time. */
function useRem(): number {
  const [rem, setRem] = useState(remNow)
  useEffect(() => {
    const update = (): void => setRem(remNow())
    window.addEventListener('resize', update)
    return () => window.removeEventListener('resize', update)
  }, [])
  return rem
}

function remNow(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16
}
