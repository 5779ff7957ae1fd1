// Builds the three images ahead of the tests; for set-up scripts and CI, must not boot anything.

import { ensureAllRootfs } from './rootfs.ts'

await ensureAllRootfs()
