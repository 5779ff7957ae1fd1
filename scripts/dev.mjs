// `npm run dev`: the app with hot reloading of the page, restart of the shell, and a rebuild of the engine on each change.
import { build } from './build.mjs'
import { hasDisplay, isRoot, SetupError } from './lib/environment.mjs'
import { runPackage } from './lib/process.mjs'
import { run, runtimeEnvironment, setup } from './setup.mjs'

await run(async () => {
  if (!hasDisplay())
    throw new SetupError('Quarterdeck cannot open a window here: there is no DISPLAY or WAYLAND_DISPLAY.')
  const runtimes = await setup()
  const env = runtimeEnvironment(runtimes)
  if (isRoot()) env.NO_SANDBOX = '1'
  // Once in full, so that the shell finds an engine to start.
  await build(runtimes)
  const engine = runPackage(
    runtimes.node,
    ['vite', 'bin/vite.js'],
    ['build', '--watch', '--config', 'vite.engine.config.ts', '--logLevel', 'warn'],
    { env },
  )
  const app = runPackage(runtimes.node, ['electron-vite', 'bin/electron-vite.js'], ['dev', '--watch'], { env })
  const { code } = await Promise.race([engine, app])
  // Closing the window ends the watcher, too.
  process.exit(code ?? 1)
})
