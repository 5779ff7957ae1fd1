// The test of specs that need real hosts: where none can boot they are counted as skipped and say why, unless it is CI. Knows no host.
import { test as base } from './app.ts'

const cannot =
  process.platform !== 'linux' ? 'test hosts need Linux' : process.getuid?.() !== 0 ? 'test hosts need root' : null

export const test = base.extend<{ realHosts: undefined }>({
  realHosts: [
    // Playwright wants a pattern here, and Biome none that is empty.
    async ({ browserName: _ }, use, testInfo) => {
      testInfo.skip(cannot !== null && !process.env.CI, cannot ?? '')
      await use(undefined)
    },
    { auto: true },
  ],
})
