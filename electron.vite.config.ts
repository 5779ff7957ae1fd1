// Builds the Electron shell (main, preload, renderer); knows nothing of the engine, which vite.engine.config.ts builds.
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

// The oldest runtime we develop on is Electron 25 (Node 18.15, Chrome 114), so the targets are pinned to it
// and not guessed from the installed electron package.
const node = 'node18.15'
const chrome = 'chrome114'

const commonJs = {
  format: 'cjs',
  entryFileNames: '[name].cjs',
  chunkFileNames: 'chunks/[name]-[hash].cjs',
} as const

// x11 and usocket are optional parts of dbus-next that are absent on purpose.
const external = ['electron', 'x11', 'usocket']

/** The bundler's own runtime lands in the chunk that is loaded later, and the entry would load that chunk at once for nothing it uses. */
const lazyStaysLazy = {
  name: 'lazy-stays-lazy',
  generateBundle(_options: unknown, bundle: Record<string, { code?: string }>): void {
    for (const file of Object.values(bundle)) {
      if (file.code)
        file.code = file.code.replace(/^require\("\.\/(chunks\/)?(dbus-next|secret-service)-[^"]+"\);$/gm, '')
    }
  },
}

// What the page needs to talk, and not to paint its first screen.
const schemas =
  /node_modules[\\/]zod[\\/]|src[\\/]shared[\\/](model|contract|error-shape|rpc[\\/](client|stream-reader|wire))/

// What every screen stands on, in one file: each costs the shell some ms while the page waits for it.
const frame =
  /node_modules[\\/](lucide-react|react|react-dom|react-router|scheduler|@tanstack|date-fns)[\\/]|src[\\/]shared[\\/](errors|safe-text)|src[\\/]renderer[\\/](data[\\/]remotes|lib[\\/](format|class-names)|components[\\/](button|tooltip))/

/** One value imported from a model by what every start loads would bring all schemas before the first picture, and nobody would notice. */
const schemasComeLater = {
  name: 'schemas-come-later',
  generateBundle(
    _options: unknown,
    bundle: Record<string, { name?: string; isEntry?: boolean; imports?: string[] }>,
  ): void {
    const seen = new Set<string>()
    const look = (name: string): void => {
      if (seen.has(name)) return
      seen.add(name)
      if (bundle[name]?.name === 'wires')
        throw new Error('The first screen imports schemas: look for a value from src/shared/model')
      for (const imported of bundle[name]?.imports ?? []) look(imported)
    }
    for (const [name, chunk] of Object.entries(bundle)) if (chunk.isEntry) look(name)
  },
}

export default defineConfig({
  main: {
    plugins: [lazyStaysLazy],
    build: {
      target: node,
      sourcemap: true,
      externalizeDeps: false,
      rolldownOptions: { input: { index: resolve('src/main/index.ts') }, external, output: commonJs },
    },
  },
  preload: {
    build: {
      target: node,
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: resolve('src/preload/index.ts') },
        external: ['electron'],
        // A sandboxed preload can require nothing but electron, so it must be one file.
        output: { ...commonJs, codeSplitting: false },
      },
    },
  },
  renderer: {
    root: resolve('src/renderer'),
    plugins: [react(), schemasComeLater],
    build: {
      target: chrome,
      minify: true,
      // Everything the page loads is a file of its own: the content security policy allows no inline code and no data: fonts.
      assetsInlineLimit: 0,
      // The page is read from disk: one file more or less is no matter, and the warning would stand in every log.
      chunkSizeWarningLimit: 2000,
      // Each file costs the shell's main thread some ms when it is least free: at the start.
      cssCodeSplit: false,
      rolldownOptions: {
        input: resolve('src/renderer/index.html'),
        output: {
          codeSplitting: {
            includeDependenciesRecursively: false,
            groups: [
              { name: 'wires', test: schemas },
              { name: 'frame', test: frame },
            ],
          },
        },
      },
    },
  },
})
