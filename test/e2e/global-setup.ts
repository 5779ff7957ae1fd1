// Before the windows open: the images that real hosts boot from are there, and what killed runs left is gone. Nothing of it where hosts cannot boot.
import setupHosts from '../hosts/global-setup.ts'

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  // The specs on real hosts then fail by themselves and say why.
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  return setupHosts()
}
