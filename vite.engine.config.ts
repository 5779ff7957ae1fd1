// Builds the engine as plain Node programs in out/engine (index.cjs for the app, cli.cjs headless); knows nothing of Electron.
import { builtinModules } from 'node:module'
import { resolve } from 'node:path'
import { defineConfig } from 'vite'

/** Each package is a chunk, and so are the layers that know none above them: what is not needed yet is not loaded, and V8 never reads all at once. */
const chunkOf = (id: string): string | null => {
  const inPackage = /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id)?.[1]
  if (inPackage) return inPackage.replace('@', '').replace(/[\\/]/, '-')
  return /src[\\/](?:engine[\\/])?(shared|parse|domain|lib)[\\/]/.exec(id)?.[1] ?? null
}

export default defineConfig({
  publicDir: false,
  // Dependencies are bundled, so that the packaged app carries one native package and no node_modules tree.
  ssr: { noExternal: true },
  build: {
    ssr: true,
    target: 'node22.14',
    outDir: resolve('out/engine'),
    emptyOutDir: true,
    sourcemap: true,
    reportCompressedSize: false,
    rolldownOptions: {
      input: {
        index: resolve('src/engine/start.ts'),
        cli: resolve('src/engine/cli.ts'),
        // a file of its own, because a worker thread is started by path
        'sqlite-thread': resolve('src/engine/store/sqlite-thread.ts'),
      },
      // cpu-features and sshcrypto.node are optional native parts of ssh2: absent on purpose (the addon breaks chacha20-poly1305).
      external: [
        'better-sqlite3',
        'cpu-features',
        /sshcrypto\.node$/,
        // dbus-next finds a session bus through X11 where that is installed; systems with systemd name it in the environment.
        'x11',
        'usocket',
        ...builtinModules.flatMap(name => [name, `node:${name}`]),
      ],
      output: {
        format: 'cjs',
        entryFileNames: '[name].cjs',
        // By their names Node finds their compiled code: an update replaces it, where a new name would add to it.
        chunkFileNames: 'chunks/[name].cjs',
        // Node keeps all source text in memory, and takes two bytes for each character once a single one is beyond Latin-1.
        charset: 'ascii',
        codeSplitting: { groups: [{ name: chunkOf, debugName: 'chunks' }] },
        // Names stay, so that a stack in the log can be read.
        minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
      },
    },
  },
})
