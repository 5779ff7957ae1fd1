// Moves about the window by keys alone and proves that no pointer was used. Knows no screen.
import { expect, type Page } from '@playwright/test'

/** The accessible name of what has the focus, as far as tests need it. */
export function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement
    if (!(element instanceof HTMLElement)) return ''
    const labels = 'labels' in element ? (element as HTMLInputElement).labels : null
    return (element.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? element.textContent ?? '').trim()
  })
}

export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const seen: string[] = []
  for (let presses = 0; presses < 80; presses++) {
    const focused = await focusedName(page)
    if (name.test(focused)) return
    seen.push(focused.slice(0, 40))
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never reached ${String(name)}; it went over: ${seen.join(' | ')}`)
}

export async function tabAndType(page: Page, name: RegExp, text: string): Promise<void> {
  await tabTo(page, name)
  await page.keyboard.type(text)
}

/** Counts pointer events from now on, also over a reload; the result expects none. */
export async function watchPointer(page: Page): Promise<() => Promise<void>> {
  const count = (): void => {
    for (const type of ['pointerdown', 'mousedown', 'touchstart', 'wheel'])
      window.addEventListener(
        type,
        () => Reflect.set(window, 'testPointer', Number(Reflect.get(window, 'testPointer') ?? 0) + 1),
        true,
      )
  }
  await page.addInitScript(count)
  await page.evaluate(count)
  return async () =>
    expect(await page.evaluate(() => Reflect.get(window, 'testPointer') ?? 0), 'pointer events').toBe(0)
}
