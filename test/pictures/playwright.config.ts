// Takes the pictures that the README shows, of the real app on real hosts; no part of the tests, because it writes into docs/.
import { defineConfig } from '@playwright/test'
import base from '../../playwright.config.ts'

export default defineConfig(base, {
  testDir: '.',
  globalSetup: '../e2e/global-setup.ts',
  outputDir: '../../test-results/pictures',
  timeout: 600_000,
  // It boots four hosts and then waits for minutes: without its steps that looks as if it hung.
  reporter: [['list', { printSteps: true }]],
})
