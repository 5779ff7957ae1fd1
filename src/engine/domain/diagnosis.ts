// Decides what it means that a thing looks one way from its host and another way from here (R16); knows no kind of check.
import type { Probe, ProbeCause, ProbeStatus } from '../../shared/model/check.ts'

/** What one look found. */
export type Look = Pick<Probe, 'status' | 'message' | 'cause'> & Partial<Pick<Probe, 'latencyMs' | 'numbers'>>

const ranks: Record<Exclude<ProbeStatus, 'unknown'>, number> = { healthy: 0, degraded: 1, unhealthy: 2 }

/**
 * One result of two looks. The worse of what is known counts; its cause is one that a restart may mend only if the thing looks ill on its own
 * host. Latency and numbers are those of the host, where there are any.
 */
export function combineVantages(host: Look, local: Look): Look {
  const numbers = host.numbers?.length ? host.numbers : local.numbers
  const result = (from: Look, message: string, cause: ProbeCause | null = from.cause): Look => ({
    ...from,
    cause,
    message: message.slice(0, 2000),
    latencyMs: host.latencyMs ?? local.latencyMs ?? null,
    ...(numbers ? { numbers } : {}),
  })
  if (host.status === 'unknown' && local.status === 'unknown')
    return result(host, `Not known from the host (${host.message}) nor from here (${local.message})`)
  if (local.status === 'unknown') return result(host, `${host.message}; from here it is not known: ${local.message}`)
  if (host.status === 'unknown') {
    // Neither its link nor the way to it works: that is the way's fault, if not this computer's.
    if (local.status === 'unhealthy' && onTheWay(local.cause))
      return {
        ...result(local, `Not known from the host (${host.message}), out of reach from here: ${local.message}`),
        status: 'unknown',
      }
    return result(local, `From here: ${local.message}; from the host it is not known: ${host.message}`)
  }
  const difference = ranks[local.status] - ranks[host.status]
  if (difference === 0)
    return host.status === 'healthy'
      ? result(host, host.message)
      : result(host, `The service itself: ${host.message}; from here: ${local.message}`)
  if (difference < 0)
    return result(
      host,
      `On the host: ${host.message}. From here it looks better (${local.message}): something before it answers, or another one`,
    )
  return result(
    local,
    `${between(local.cause)}: ${local.message}. On the host: ${host.message}`,
    causeBetween(local.cause),
  )
}

function onTheWay(cause: ProbeCause | null): boolean {
  return cause === 'network' || cause === 'dns' || cause === 'host'
}

function between(cause: ProbeCause | null): string {
  switch (cause) {
    case 'dns':
      return 'Name resolution (DNS)'
    case 'certificate':
      return 'Certificate (TLS)'
    case 'network':
    case 'host':
      return 'The way to it (firewall, proxy or own uplink)'
    default:
      return 'What lies before it (proxy)'
  }
}

/** What is well on its host is not mended by a restart. */
function causeBetween(cause: ProbeCause | null): ProbeCause {
  return cause === null || cause === 'unit' || cause === 'health' || cause === 'resource' ? 'network' : cause
}
