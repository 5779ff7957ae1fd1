// Decides whether checks wait for each other in a circle (semantics 18); knows nothing of what they check.

/** The ids along a cycle, the first one again at the end (`a → b → a`); null where there is none. What depends on nothing known is left out. */
export function findCycle(checks: readonly { id: string; dependsOn: readonly string[] }[]): string[] | null {
  const dependsOn = new Map(checks.map(check => [check.id, check.dependsOn]))
  const done = new Set<string>()
  for (const { id } of checks) {
    // The path from `id` to where the search is, with what is still to be followed at each step.
    const path: { id: string; rest: string[] }[] = []
    const onPath = new Set<string>()
    const enter = (next: string): void => {
      path.push({ id: next, rest: [...(dependsOn.get(next) ?? [])] })
      onPath.add(next)
    }
    if (!done.has(id)) enter(id)
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = top.rest.shift()
      if (next === undefined) {
        done.add(top.id)
        onPath.delete(top.id)
        path.pop()
        continue
      }
      if (onPath.has(next)) {
        const from = path.findIndex(step => step.id === next)
        return [...path.slice(from).map(step => step.id), next]
      }
      if (!done.has(next) && dependsOn.has(next)) enter(next)
    }
  }
  return null
}
