// The way to a host through another host's link, and errors that say whose trouble it is. Which chains are allowed is not decided here.
import type { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors.ts'
import type { ConnectingStep } from '../domain/connection-state.ts'
import type { Link } from '../ports.ts'

export interface Jump {
  /** As the person named the jump host. */
  readonly name: string
  /** The jump host's own link. Throws CONFIG where the chain is refused. */
  link(): Link
  /** The link where there is one; never throws. */
  peek(): Link | null
}

/** A jump over a link that is there already. */
export function jumpOver(name: string, link: Link): Jump {
  return { name, link: () => link, peek: () => link }
}

/** A stream to `target` through the jump host, which must be READY; its state is not changed. */
export async function openThroughJump(
  jump: Jump,
  target: { address: string; port: number },
  signal: AbortSignal,
): Promise<Duplex> {
  const link = jump.link()
  const ready = await whenReady(link, signal)
  if (!ready) {
    const { error, state } = link.status
    throw new AppError(
      'UNREACHABLE',
      `jump host ${jump.name}: ${error?.message ?? (state === 'idle' ? 'it is disconnected' : 'it is not connected')}`,
      {
        hint: error?.hint ?? `Connect ${jump.name} first.`,
        detail: { jump: jump.name, jumpState: state, jumpCode: error?.code ?? null },
      },
    )
  }
  const address = target.address.startsWith('[') ? target.address.slice(1, -1) : target.address
  return link.openTcp(address, target.port)
}

/** An error of the TCP step came from the jump host, and says so. */
export function jumpFailure(jump: Jump, error: AppError, step: ConnectingStep): AppError {
  const prefix = `jump host ${jump.name}: `
  if (step !== 'tcp' || error.code === 'CONFIG' || error.message.startsWith(prefix)) return error
  return new AppError(error.code === 'NOT_CONNECTED' ? 'UNREACHABLE' : error.code, prefix + error.message, {
    hint: error.hint,
    detail: error.detail,
  })
}

/** Waits while the jump host is on its way; false as soon as it rests, waits for a person or is off. */
function whenReady(link: Link, signal: AbortSignal): Promise<boolean> {
  const verdict = (state: string): boolean | null => {
    if (state === 'ready') return true
    return state === 'resolve' || state === 'tcp' || state === 'host-key' || state === 'auth' ? null : false
  }
  const now = verdict(link.status.state)
  if (now !== null) return Promise.resolve(now)
  return new Promise(resolve => {
    const settle = (value: boolean): void => {
      watch.dispose()
      signal.removeEventListener('abort', onAbort)
      resolve(value)
    }
    const onAbort = (): void => settle(false)
    const watch = link.onStatus(status => {
      const value = verdict(status.state)
      if (value !== null) settle(value)
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
