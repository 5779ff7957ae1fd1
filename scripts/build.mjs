// `npm run build`: compiles engine, shell and page into out/; knows nothing of runtimes or packaging.
import { pathToFileURL } from 'node:url'
import { SetupError } from './lib/environment.mjs'
import { runPackage } from './lib/process.mjs'
import { run, runtimeEnvironment, setup } from './setup.mjs'

/** Builds everything; about a second, so nothing looks at what has changed. */
export async function build({ node, electron }) {
  const env = runtimeEnvironment({ node, electron })
  // One after the other: both at once are slower on two cores, and their messages would mix.
  await tool(['vite', 'bin/vite.js'], ['build', '--config', 'vite.engine.config.ts', '--logLevel', 'warn'], 'engine')
  await tool(['electron-vite', 'bin/electron-vite.js'], ['build', '--logLevel', 'warn'], 'app')

  async function tool(program, args, what) {
    const { code } = await runPackage(node, program, args, { env })
    if (code !== 0) throw new SetupError(`The ${what} could not be built; the reason is above.`)
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await run(async () => {
    await build(await setup({ electron: false }))
  })
}
