// What actions on a host are given to work with, whoever has them done; knows neither rules nor schedules.
import type { Evidence } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { HostActionContext } from '../recovery/index.ts'
import type { HostSession } from './host-session.ts'
import { usesSudo } from './login-file.ts'

/** Evidence of one attempt or step that is kept. */
export const mostEvidence = 60
const mostText = 1_500

export interface HostContextOptions {
  readonly session: HostSession
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly secret: (field: string) => string | null
  readonly progress: (evidence: readonly Evidence[]) => void
  /** How commands are run; straight over the link unless told. */
  readonly exec?: HostActionContext['exec']
}

export function hostActionContext({
  session,
  clock,
  signal,
  secret,
  progress,
  exec,
}: HostContextOptions): HostActionContext {
  return {
    ...{ host: session.host, sudo: usesSudo(session), clock, signal, progress },
    exec: exec ?? ((argv, more = {}) => session.link.exec(argv, { ...more, signal })),
    connect: (address, port) => session.link.openTcp(address, port),
    secret: async field => secret(field),
  }
}

/** Hosts say as much as they like; only so much of it is kept. */
export function bounded(evidence: readonly Evidence[]): Evidence[] {
  return evidence.slice(-mostEvidence).map(({ ok, text }) => ({ ok, text: text.slice(0, mostText) }))
}
