// Names the two places outside the repository where test hosts live; must not know what is kept in them.

import { fileURLToPath } from 'node:url'

/** Root file systems and downloaded packages; survives runs. */
export const cacheDir = process.env.QUARTERDECK_TEST_CACHE ?? '/var/cache/quarterdeck-test'

/** One folder per running host; everything in it dies with the run. */
export const runDir = '/run/quarterdeck-test'

/** The shell script that undoes a host. */
export const reapScript = fileURLToPath(new URL('./reap.sh', import.meta.url))

/** The shell script that builds an image. */
export const buildScript = fileURLToPath(new URL('./build-rootfs.sh', import.meta.url))

/** The folder of the five sample systems. */
export const botsDir = fileURLToPath(new URL('../bots/', import.meta.url))
