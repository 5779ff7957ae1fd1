// What actions on a host are given to work with, whoever has them done; knows neither rules nor schedules.
import { AppError } from '../../shared/errors.ts'
import type { Host } from '../../shared/model/host.ts'
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
  /** How commands are run, by a shell that ends them; straight over the link unless told. */
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
  const run: HostActionContext['exec'] = exec ?? ((argv, more = {}) => session.link.exec(argv, { ...more, signal }))
  return {
    ...{ host: session.host, sudo: usesSudo(session), clock, signal, progress },
    async exec(argv, more) {
      try {
        return await run(argv, more)
      } catch (caught) {
        throw exec || argv[0] === 'sh' ? shellRefusal(caught, session.host) : caught
      }
    },
    connect: (address, port) => session.link.openTcp(address, port),
    secret: async field => secret(field),
  }
}

/** What sudo's refusal means where a shell was to be run: that a rule for single commands is not enough is nothing that a person could guess. */
function shellRefusal(caught: unknown, { user, sudo }: Host): unknown {
  const { code, message } = AppError.from(caught)
  if (code !== 'SUDO_MISSING' || !narrowRule.test(message)) return caught
  const line = `${user} ALL=(root) ${sudo === 'passwordless' ? 'NOPASSWD: ' : ''}/bin/sh`
  return new AppError('SUDO_MISSING', `sudo does not let ${user} run a shell`, {
    hint:
      'What is done here as root is done by sh, so a sudo rule for single commands does not allow it. ' +
      `Add a line with visudo: ${line} (as much as to allow everything), or choose what needs no root.`,
  })
}

/** sudo works, and this it does not allow. */
const narrowRule =
  /may not do this with sudo|sudo asks for \S+ password$|^sudo ended with \d+ before the command began$/

/** Hosts say as much as they like; only so much of it is kept. */
export function bounded(evidence: readonly Evidence[]): Evidence[] {
  return evidence.slice(-mostEvidence).map(({ ok, text }) => ({ ok, text: text.slice(0, mostText) }))
}
