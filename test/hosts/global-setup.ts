// Before the host tests: clean what killed runs left and have the images ready. After them: nothing of this run may remain.

import { ensureAllRootfs } from './lib/index.ts'
import { reapScript } from './lib/paths.ts'
import { run } from './lib/run.ts'

/** Undoes the hosts of processes that are gone; hosts of living ones are left alone. */
const reapStale = () => run(['sh', reapScript, 'stale'])

export default async function setup(): Promise<() => Promise<void>> {
  await reapStale()
  await ensureAllRootfs()
  return async () => {
    await reapStale()
  }
}
