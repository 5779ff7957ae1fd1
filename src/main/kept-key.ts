// Holds the vault's key while the app runs, in memory alone, for an engine that has to start again at night. Tells it to no window and writes it nowhere.

export interface KeptKey {
  /** Null forgets it. */
  keep(key: Uint8Array | null): void
  kept(): Uint8Array<ArrayBuffer> | null
}

export function createKeptKey(): KeptKey {
  let held: Uint8Array | null = null
  return {
    keep(key) {
      held?.fill(0)
      held = key === null ? null : new Uint8Array(key)
    },
    kept: () => (held === null ? null : new Uint8Array(held)),
  }
}
