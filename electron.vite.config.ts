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

export default defineConfig({
  main: {
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
    plugins: [react()],
    build: {
      target: chrome,
      minify: true,
      // Everything the page loads is a file of its own: the content security policy allows no inline code and no data: fonts.
      assetsInlineLimit: 0,
      // The page is read from disk: one file more or less is no matter, and the warning would stand in every log.
      chunkSizeWarningLimit: 2000,
      rolldownOptions: { input: resolve('src/renderer/index.html') },
    },
  },
})
