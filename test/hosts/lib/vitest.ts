// Shares one host among the tests of a file; apart from index.ts because benches import that without vitest.

import { afterAll, beforeAll } from 'vitest'
import { type BootOptions, bootHost, bootJumpPair, type JumpPair } from './boot.ts'
import type { TestHost } from './host.ts'

/** Boots a host before the tests of this file (or describe block) and disposes of it after them. Call the result inside tests. */
export function sharedHost(options: BootOptions = {}): () => TestHost {
  return shared(() => bootHost(options))
}

/** The same for a jump host and its target. */
export function sharedJumpPair(options: { jump?: BootOptions; target?: BootOptions } = {}): () => JumpPair {
  return shared(() => bootJumpPair(options))
}

function shared<T extends { dispose(): Promise<void> }>(boot: () => Promise<T>): () => T {
  let value: T | undefined
  // The first boot of all builds the root file system.
  beforeAll(async () => {
    value = await boot()
  }, 600_000)
  afterAll(async () => {
    await value?.dispose()
    value = undefined
  }, 60_000)
  return () => {
    if (value === undefined) throw new Error('the shared host exists only while tests run')
    return value
  }
}
