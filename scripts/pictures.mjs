// `npm run pictures`: takes the pictures in docs/images anew, of the built app on real test hosts. Knows nothing of what is on them.
import { build } from './build.mjs'
import { runPackage } from './lib/process.mjs'
import { run, runtimeEnvironment, setup } from './setup.mjs'

await run(async () => {
  const runtimes = await setup({ system: true, electron: true })
  await build(runtimes)
  const { code } = await runPackage(
    runtimes.node,
    ['@playwright/test', 'cli.js'],
    ['test', '--config', 'test/pictures/playwright.config.ts'],
    { env: runtimeEnvironment(runtimes) },
  )
  process.exitCode = code ?? 1
})
