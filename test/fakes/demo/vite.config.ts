// Serves the demo page: `npx vite test/fakes/demo`. Never part of the app's build.
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { realKinds } from './kinds-plugin.ts'

const root = resolve(import.meta.dirname)

export default defineConfig({
  root,
  plugins: [react(), realKinds(root)],
  cacheDir: resolve(root, '../../../node_modules/.vite/demo'),
  server: { port: 5199, strictPort: false, fs: { allow: [resolve(root, '../../..')] } },
  build: { target: 'chrome114', assetsInlineLimit: 0, emptyOutDir: true },
})
