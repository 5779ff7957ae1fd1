// `npm start`: sets up what is missing, builds and opens the app.
import { build } from './build.mjs'
import { hasDisplay, isRoot, root, SetupError } from './lib/environment.mjs'
import { runProgram } from './lib/process.mjs'
import { run, runtimeEnvironment, setup } from './setup.mjs'

await run(async args => {
  // First of all, so that nobody waits for a download to be told.
  if (!hasDisplay()) {
    throw new SetupError(
      'Quarterdeck cannot open a window here: neither DISPLAY nor WAYLAND_DISPLAY is set, so start it from a desktop session.',
    )
  }
  const runtimes = await setup()
  await build(runtimes)
  const options = isRoot() && process.platform === 'linux' ? ['--no-sandbox'] : []
  const { code, signal } = await runProgram(runtimes.electron.path, [...options, root, ...args], {
    env: runtimeEnvironment(runtimes),
    alone: true,
  })
  return signal ? 1 : code
})
