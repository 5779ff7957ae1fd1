// The present, for texts that age: one timer per pace for the whole page. Knows nothing of what it is used for.
import { useSyncExternalStore } from 'react'

interface Ticker {
  now: number
  timer: ReturnType<typeof setInterval> | null
  readonly listeners: Set<() => void>
}

const tickers = new Map<number, Ticker>()

/** Wall time in ms, renewed every `everyMs`. */
export function useNow(everyMs = 1000): number {
  return useSyncExternalStore(
    listener => subscribe(everyMs, listener),
    () => tickerOf(everyMs).now,
  )
}

function tickerOf(everyMs: number): Ticker {
  let ticker = tickers.get(everyMs)
  if (!ticker) {
    ticker = { now: Date.now(), timer: null, listeners: new Set() }
    tickers.set(everyMs, ticker)
  }
  // Without listeners nobody renews it; a first reader gets the true time, floored so that two reads in one render agree.
  if (!ticker.timer && Date.now() - ticker.now > everyMs) ticker.now = Date.now()
  return ticker
}

function subscribe(everyMs: number, listener: () => void): () => void {
  const ticker = tickerOf(everyMs)
  ticker.listeners.add(listener)
  ticker.timer ??= setInterval(() => {
    ticker.now = Date.now()
    for (const each of [...ticker.listeners]) each()
  }, everyMs)
  return () => {
    ticker.listeners.delete(listener)
    if (ticker.listeners.size > 0 || !ticker.timer) return
    clearInterval(ticker.timer)
    ticker.timer = null
  }
}
