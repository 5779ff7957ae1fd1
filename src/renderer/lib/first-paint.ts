// Tells when the page has shown something, so that what comes next does not delay it. Knows no screen.

// A page that nobody sees paints nothing, and goes on after this many ms.
const limit = 100

/** Resolves once there is content on the screen, or after a moment without. */
export function firstPaint(): Promise<void> {
  return new Promise(resolve => {
    const observer = new PerformanceObserver(list => {
      if (list.getEntriesByName('first-contentful-paint').length > 0) done()
    })
    const done = (): void => {
      observer.disconnect()
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, limit)
    observer.observe({ type: 'paint', buffered: true })
  })
}
