// Reads the reports of vitest and Playwright into one kind of count; knows nothing of how they were made.
import { readFileSync } from 'node:fs'

export const none = Object.freeze({ passed: 0, failed: 0, skipped: 0 })

/** The sum of counts. */
export const sum = counts =>
  counts.reduce(
    (total, { passed, failed, skipped }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
    }),
    none,
  )

/** The one line that a test run ends with. */
export const summary = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`

/** Counts of a vitest JSON report. */
export const vitestCounts = report => ({
  passed: report.numPassedTests,
  failed: report.numFailedTests,
  skipped: report.numPendingTests + report.numTodoTests,
})

/** Counts of a Playwright JSON report; a flaky test passed on a retry, which the list above it names. */
export const playwrightCounts = ({ stats }) => ({
  passed: stats.expected + stats.flaky,
  failed: stats.unexpected,
  skipped: stats.skipped,
})

/**
 * What a run of a tool amounts to. A run that went wrong without a failed test (no report, a file that does not load, a time-out, no test
 * at all) is one failure, so that nothing that did not run passes for green.
 */
export function outcome({ code, timedOut }, reportFile, read) {
  let counts = none
  let problem = null
  try {
    counts = read(JSON.parse(readFileSync(reportFile, 'utf8')))
  } catch {
    problem = 'left no report'
  }
  if (timedOut) problem = 'was stopped: it ran over its time limit'
  else if (code !== 0 && counts.failed === 0) problem ??= `ended with code ${code} and no failed test`
  else if (counts.passed + counts.failed + counts.skipped === 0) problem ??= 'found no tests'
  return { counts: problem ? sum([counts, { ...none, failed: 1 }]) : counts, problem }
}
