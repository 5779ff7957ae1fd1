// Runs the two kinds of vitest suites: unit (fast, anywhere) and hosts (real systemd machines, root on Debian).
import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

// Boots nothing itself: it removes what a killed run has left and takes down what this run booted.
const hostsSetup = 'test/hosts/global-setup.ts'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.{ts,tsx}'],
          environment: 'node',
          pool: 'forks',
          // Generous, because the build machine is slow and loaded; no test may depend on being fast.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'hosts',
          include: ['test/hosts/**/*.test.ts'],
          environment: 'node',
          pool: 'forks',
          globalSetup: existsSync(hostsSetup) ? [hostsSetup] : [],
          testTimeout: 120_000,
          // The first run on a machine builds the root file systems.
          hookTimeout: 600_000,
          maxWorkers: 2,
          // Only where CI is set, as for windows: whole machines boot on a shared one. The report names what needed it.
          retry: process.env.CI ? 2 : 0,
        },
      },
    ],
  },
})
