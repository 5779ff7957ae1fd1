// Opens what was recorded on real hosts, for the tests of the parsers.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const distros = ['debian-11', 'debian-12', 'debian-13'] as const
export type Distro = (typeof distros)[number]

export function fixturePath(distro: Distro, name: string): string {
  return fileURLToPath(new URL(`../../../fixtures/${distro}/${name}`, import.meta.url))
}

export function fixture(distro: Distro, name: string): Buffer {
  return readFileSync(fixturePath(distro, name))
}
