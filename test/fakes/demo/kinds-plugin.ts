// Gives a page what kinds.ts says when Node runs it, so that the demo's forms are those of the real kinds. Knows no kind.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A plugin of vite, for the demo page and whatever else loads the demo engine. `folder` is that of kinds.ts. */
export function realKinds(folder: string): { name: string; enforce: 'pre'; load(id: string): Promise<string | null> } {
  const file = resolve(folder, 'kinds.ts')
  return {
    name: 'real-kinds',
    enforce: 'pre',
    async load(id) {
      if (id.split('?')[0] !== file) return null
      const kinds: Record<string, unknown> = await import(pathToFileURL(file).href)
      return Object.entries(kinds)
        .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)}`)
        .join('\n')
    },
  }
}
