// `npm run dist [-- --dir]`: builds installers for this platform, or with --dir the app's folder alone; never from the development runtime.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from './build.mjs'
import { officialVersion } from './lib/electron-runtime.mjs'
import { root, SetupError } from './lib/environment.mjs'
import { runPackage } from './lib/process.mjs'
import { run, runtimeEnvironment, say, setup } from './setup.mjs'

const developmentFolder = join('dist', 'development-only')

/** electron-builder's arguments; refuses to make anything that looks shippable from a runtime that must not be shipped. */
export function builderArguments(args, electron) {
  if (electron.kind === 'official') return [...args, '--publish', 'never']
  if (!args.includes('--dir')) {
    throw new SetupError(
      `Installers are only made with the official Electron ${officialVersion()}, and this machine has ` +
        `${electron.kind === 'fallback' ? 'the development runtime, which is never shipped' : electron.path}. ` +
        'For a smoke test of the packaged folder: npm run dist -- --dir',
    )
  }
  const overrides = {
    electronDist: dirname(electron.path),
    electronVersion: electron.version,
    // Apart from real results, and named so that nobody takes it for one.
    'directories.output': developmentFolder,
  }
  const config = join(developmentFolder, 'electron-builder.yml')
  return [
    ...args,
    '--publish',
    'never',
    '--config',
    config,
    ...Object.entries(overrides).map(([name, value]) => `-c.${name}=${value}`),
  ]
}

/** The configuration without the fuse that Electron got in version 29: an older one cannot be asked for it. */
function writeDevelopmentConfig() {
  const text = readFileSync(join(root, 'electron-builder.yml'), 'utf8')
  mkdirSync(join(root, developmentFolder), { recursive: true })
  const without = text.replace(/^.*grantFileProtocolExtraPrivileges.*\n/m, '')
  writeFileSync(join(root, developmentFolder, 'electron-builder.yml'), without)
}

if (process.argv[1]?.endsWith('dist.mjs')) {
  await run(async args => {
    const runtimes = await setup()
    const options = builderArguments(args, runtimes.electron)
    if (runtimes.electron.kind !== 'official') writeDevelopmentConfig()
    await build(runtimes)
    const { code } = await runPackage(runtimes.node, ['electron-builder', 'cli.js'], options, {
      env: runtimeEnvironment(runtimes),
    })
    if (code === 0) say(`Done: ${join(root, 'dist')}`)
    return code ?? 1
  })
}
