// Reads the reports of vitest and Playwright into one kind of count and list; knows nothing of how they were made.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { root } from './environment.mjs'

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

/** A vitest JSON report: its counts, and every test that failed or file that did not load, with why as far as the report has it (of a hook it has not). */
export function readVitest(report) {
  const failures = report.testResults.flatMap(({ name: file, status, message, assertionResults: tests }) => {
    const failed = tests.filter(test => test.status === 'failed')
    if (failed.length === 0) return status === 'failed' ? [{ name: inRoot(file), why: brief(message) }] : []
    return failed.map(test => ({
      name: `${inRoot(file)} › ${test.fullName}`,
      why: brief(test.failureMessages.join('\n')),
    }))
  })
  const skipped = report.numPendingTests + report.numTodoTests
  return { counts: { passed: report.numPassedTests, failed: report.numFailedTests, skipped }, failures }
}

/** A Playwright JSON report: its counts, and every test that failed or needed a retry (which counts as passed), with why. */
export function readPlaywright({ stats, suites, errors = [] }) {
  // outside of any test: a file that does not load, what is done before all
  const failures = errors.map(({ message = '', location }) => ({
    name: location ? inRoot(location.file) : 'outside of the tests',
    why: brief(message),
  }))
  const visit = ({ specs = [], suites: within = [] }) => {
    for (const { file, title, tests } of specs)
      for (const { status, results } of tests) {
        if (status !== 'unexpected' && status !== 'flaky') continue
        const { error } = results.find(result => result.error) ?? {}
        const name = `${file} › ${title}${status === 'flaky' ? ' (passed at a further try)' : ''}`
        failures.push({ name, why: brief(error?.message ?? '') })
      }
    within.forEach(visit)
  }
  suites.forEach(visit)
  return {
    counts: { passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped },
    failures,
  }
}

const inRoot = file => (file.startsWith(root) ? relative(root, file) : file)

/** The beginning of an error's text, without colours: enough to know what it is about. */
const brief = text =>
  stripVTControlCharacters(text)
    .split('\n')
    .filter(line => line.trim() !== '' && !/^\s*at /.test(line))
    .slice(0, 6)
    .map(line => (line.length > 160 ? `${line.slice(0, 160)}…` : line))

/**
 * What a run of a tool amounts to. A run that went wrong without a failed test (no report, a file that does not load, a time-out, no test
 * at all) is one failure, so that nothing that did not run passes for green.
 */
export function outcome({ code, timedOut }, reportFile, read) {
  let problem = null
  let report = null
  try {
    report = JSON.parse(readFileSync(reportFile, 'utf8'))
  } catch {
    problem = 'left no report'
  }
  const { counts, failures } = report === null ? { counts: none, failures: [] } : read(report)
  if (timedOut) problem = 'was stopped: it ran over its time limit'
  else if (code !== 0 && counts.failed === 0) problem ??= `ended with code ${code} and no failed test`
  else if (counts.passed + counts.failed + counts.skipped === 0) problem ??= 'found no tests'
  return { counts: problem ? sum([counts, { ...none, failed: 1 }]) : counts, problem, failures }
}
