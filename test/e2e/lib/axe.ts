// Looks for barriers to people with disabilities on the screen that is shown; knows nothing of what it shows.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, type Page } from '@playwright/test'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Finding {
  readonly id: string
  readonly impact: string | null
  readonly help: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[]
}

/** Expects no serious or critical finding of WCAG 2.2 A and AA. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  // As the debugger's own script, which the page's content security policy does not govern.
  await page.evaluate(`${source};undefined`)
  const findings = await page.evaluate(async () => {
    const scope = window as unknown as {
      axe: { run(context: Document, options: object): Promise<{ violations: Finding[] }> }
    }
    const options = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }
    const { violations } = await scope.axe.run(document, options)
    return violations.map(({ id, impact, help, nodes }) => ({
      id,
      impact,
      help,
      nodes: nodes.map(({ target, failureSummary }) => ({ target: target.map(String), failureSummary })),
    }))
  })
  const grave = findings.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  expect(grave, `${what}: serious or critical findings`).toEqual([])
}
