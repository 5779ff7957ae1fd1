// `npm run bench [-- item …]`: sets up, builds and runs the benchmarks of test/bench under the engine's Node, with a display for windows.
import { join } from 'node:path'
import { build } from './build.mjs'
import { startDisplay } from './lib/display.mjs'
import { hasCommand, root } from './lib/environment.mjs'
import { runProgram } from './lib/process.mjs'
import { run, runtimeEnvironment, setup } from './setup.mjs'

await run(async args => {
  const runtimes = await setup({ system: true })
  await build(runtimes)
  const screen = hasCommand('Xvfb') ? await startDisplay() : null
  const env = { ...runtimeEnvironment(runtimes), ...(screen ? { DISPLAY: screen.display, WAYLAND_DISPLAY: '' } : {}) }
  try {
    const { code } = await runProgram(
      runtimes.node,
      ['--expose-gc', join(root, 'test', 'bench', 'index.ts'), ...args],
      { env },
    )
    return code ?? 1
  } finally {
    screen?.stop()
  }
})
