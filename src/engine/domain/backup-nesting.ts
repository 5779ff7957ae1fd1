// Finds parts of a backup that lie within each other: put back together, one would replace what the other has just put back. Pure.

/** The first pair of `files` and what lies within it, by their places in the list; null where there is none. */
export function nestedSources(
  sources: readonly { readonly type: string; readonly spec: Readonly<Record<string, unknown>> }[],
): { readonly outer: number; readonly inner: number } | null {
  const pathOf = (index: number): string | null => {
    const path = sources[index]?.spec.path
    return typeof path === 'string' ? path.replace(/\/+$/, '') : null
  }
  for (const [outer, { type }] of sources.entries()) {
    const folder = type === 'files' ? pathOf(outer) : null
    if (folder === null) continue
    for (const inner of sources.keys()) {
      const path = inner === outer ? null : pathOf(inner)
      if (path !== null && (path === folder || path.startsWith(`${folder}/`))) return { outer, inner }
    }
  }
  return null
}
