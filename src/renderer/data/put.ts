// Lists that events keep fresh: one of their items is new or has changed. Knows no item.

/** A known one is replaced where it stands, a new one goes to the end. */
export function put<T>(list: readonly T[], item: T, key: (item: T) => string): T[] {
  const index = list.findIndex(other => key(other) === key(item))
  return index < 0 ? [...list, item] : list.with(index, item)
}

/** Of runs, the newest first. */
export function putRun<T extends { readonly id: string; readonly startedAt: number }>(list: readonly T[], run: T): T[] {
  return put(list, run, ({ id }) => id).sort((a, b) => b.startedAt - a.startedAt)
}
