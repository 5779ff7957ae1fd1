// Decides through which hosts a host is reached; knows nothing of connections.

/** The ids of the hosts jumped through, nearest to `id` first. A cycle ends the chain where it would repeat. */
export function jumpChain(id: string, hosts: readonly { id: string; jump: string | null }[]): string[] {
  const byId = new Map(hosts.map(host => [host.id, host]))
  const chain: string[] = []
  for (let next = byId.get(id)?.jump ?? null; next !== null; next = byId.get(next)?.jump ?? null) {
    if (next === id || chain.includes(next)) break
    chain.push(next)
  }
  return chain
}
