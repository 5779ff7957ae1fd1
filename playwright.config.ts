// Runs the tests of the built app in real windows, one at a time; starts no display and builds nothing (scripts/test.mjs does).
import { defineConfig } from '@playwright/test'
import { findRuntimes, runtimeEnvironment } from './scripts/setup.mjs'

// So that `npx playwright test` by hand finds the same Electron and Node as `npm test`.
const runtimes = findRuntimes()
if (runtimes) {
  const { ELECTRON_EXEC_PATH, QUARTERDECK_ENGINE_NODE } = runtimeEnvironment(runtimes)
  Object.assign(process.env, { ELECTRON_EXEC_PATH }, QUARTERDECK_ENGINE_NODE ? { QUARTERDECK_ENGINE_NODE } : {})
}

export default defineConfig({
  testDir: 'test/e2e',
  globalSetup: './test/e2e/global-setup.ts',
  outputDir: 'test-results/e2e',
  // One window at a time: focus, notifications and the keyring belong to the whole display.
  workers: 1,
  fullyParallel: false,
  // Only where CI is set: a window on a shared machine may lose its moment once. The report names what needed it as flaky.
  retries: process.env.CI ? 2 : 0,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ? [['list'], ['json']] : [['list']],
})
