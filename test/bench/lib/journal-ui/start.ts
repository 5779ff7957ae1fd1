// The page of the journal benchmark: the app itself, with an engine in a worker, so that only the page's own work is measured. Never part of the app.
import type { PortKind } from '../../../../src/shared/rpc/preload-api.ts'

const lines = new URLSearchParams(window.location.search).get('lines') ?? '100'
const worker = new Worker(new URL('./engine-worker.ts', import.meta.url), { type: 'module', name: lines })
worker.onmessage = ({ data, ports }) => window.postMessage(data, '*', [...ports])
Object.defineProperty(window, 'quarterdeck', {
  value: { request: (kind: PortKind) => worker.postMessage({ request: kind }) },
})

const longTasks: number[] = []
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) longTasks.push(entry.duration)
}).observe({ entryTypes: ['longtask'] })
Object.assign(window, {
  bench: {
    longTasks,
    /** From now on so many new lines a second. */
    rate: (linesPerSecond: number) => worker.postMessage({ rate: linesPerSecond }),
    /** Drags the scroll bar to a new place in each frame. */
    async drag(ms: number) {
      const list = document.querySelector('[role=listbox]')
      const end = performance.now() + ms
      for (let step = 1; list && performance.now() < end; step++) {
        const share = (step * 0.618034) % 1
        list.scrollTop = share * (list.scrollHeight - list.clientHeight)
        await new Promise(requestAnimationFrame)
      }
    },
  },
})

await import('../../../../src/renderer/main.tsx')
