// Proves the other way to run an engine, Electron's own utility process, which a current Electron uses: same ports, same restart, same end.
import { cpSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from '@playwright/test'
import { build } from 'vite'
import { test } from './lib/app.ts'
import { startDesktop } from './lib/desktop.ts'
import { askEngine, openEnginePort } from './lib/engine-port.ts'

const root = resolve(import.meta.dirname, '../..')

/** The built app with an engine that needs no database, so that it runs inside every Electron. */
async function appWithPlainEngine(folder: string): Promise<string> {
  const built = process.env.QUARTERDECK_E2E_APP ?? root
  mkdirSync(join(folder, 'out'), { recursive: true })
  for (const part of ['package.json', 'out/main', 'out/preload', 'out/renderer']) {
    cpSync(join(built, part), join(folder, part), { recursive: true })
  }
  await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      ssr: join(root, 'test', 'bench', 'lib', 'ipc-engine.ts'),
      target: 'node18.15',
      outDir: join(folder, 'out', 'engine'),
      rolldownOptions: { output: { format: 'cjs', entryFileNames: 'index.cjs' } },
    },
  })
  return folder
}

test('an engine in a utility process answers, comes back when killed, and ends with the app', async ({ launch }) => {
  const desktop = await startDesktop()
  const appFolder = await appWithPlainEngine(join(desktop.home, 'app'))
  const app = await launch({ desktop, appFolder, env: { QUARTERDECK_ENGINE_NODE: '' } })
  await openEnginePort(app.page)
  expect(await askEngine(app.page, 'settings.get')).toMatchObject({ t: 'ok', value: { firstRunDone: true } })
  await app.page.evaluate(() => {
    window.addEventListener('message', event => {
      if (event.data?.quarterdeck === 'gone') Reflect.set(window, 'testGoneAt', Date.now())
      else if (event.data?.quarterdeck === 'port') Reflect.set(window, 'testBackAt', Date.now())
    })
  })
  const killedAt = Date.now()
  process.kill(app.enginePid(), 'SIGKILL')
  await app.page.waitForFunction(() => Reflect.get(window, 'testBackAt') !== undefined)
  expect((await app.page.evaluate(() => Reflect.get(window, 'testGoneAt'))) - killedAt).toBeLessThan(2000)
  await openEnginePort(app.page)
  expect(await askEngine(app.page, 'settings.get')).toMatchObject({ t: 'ok' })
  await app.close()
  expect(app.log('main')).toMatch(/engine ended/)
  expect(app.log('main')).not.toMatch(/killed/)
  await desktop.dispose()
})
