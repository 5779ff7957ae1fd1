// Turns what sockets and the SSH library say into errors with a code and a hint that a person can act on; decides nothing.
import { AppError } from '../../shared/errors.ts'
import type { HostKey } from '../../shared/model/host.ts'

export interface Place {
  readonly address: string
  readonly port: number
}

/** "name:port" as people write it. */
export function placeName({ address, port }: Place): string {
  if (port === 22) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function systemCode(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return systemCode(error.errors[0])
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}

export function resolveFailure(place: Place, error: unknown): AppError {
  const code = systemCode(error)
  if (code === 'ENOTFOUND' || code === 'ENODATA') {
    return new AppError('RESOLVE_FAILED', `No such host: ${place.address}`, {
      hint: 'Check the address for a typing mistake. An IP address works without a name.',
    })
  }
  return new AppError('RESOLVE_FAILED', `The name ${place.address} could not be looked up${code ? ` (${code})` : ''}`, {
    hint: 'Name service does not answer. Is this computer online?',
  })
}

export function tcpFailure(place: Place, error: unknown): AppError {
  const where = placeName(place)
  switch (systemCode(error)) {
    case 'ECONNREFUSED':
      return new AppError('PORT_CLOSED', `Nothing listens at ${where}`, {
        hint: `Is ${place.port} the right SSH port, and does sshd run there? A firewall may also refuse the connection.`,
      })
    case 'ENETUNREACH':
    case 'ENETDOWN':
      return new AppError('UNREACHABLE', `There is no route to ${where}`, {
        hint: 'Is this computer online? Is a VPN needed?',
      })
    case 'EHOSTUNREACH':
    case 'EHOSTDOWN':
      return new AppError('UNREACHABLE', `${where} cannot be reached`, {
        hint: 'The host is off, or a network on the way does not know it. Check the address and that the host runs.',
      })
    case 'ECONNRESET':
    case 'EPIPE':
      return new AppError('UNREACHABLE', `${where} broke off the connection`, {
        hint: 'The host or a firewall closed it before SSH began. It may limit or block connections from this address (fail2ban).',
      })
    case 'EACCES':
    case 'EPERM':
      return new AppError('UNREACHABLE', `This computer does not allow connections to ${where}`, {
        hint: 'A local firewall forbids it.',
      })
    default:
      return new AppError('UNREACHABLE', `${where} does not answer`, {
        hint: 'Wrong address, host switched off, or a firewall that drops packets to this port.',
      })
  }
}

export function stepTimeout(step: string, place: Place): AppError {
  const where = placeName(place)
  switch (step) {
    case 'resolve':
      return resolveFailure(place, null)
    case 'tcp':
      return tcpFailure(place, { code: 'ETIMEDOUT' })
    case 'host-key':
      return new AppError('NOT_SSH', `Something listens at ${where} but did not answer as an SSH server`, {
        hint: 'Check the port. If it is right, the host may be overloaded.',
      })
    default:
      return new AppError('TIMEOUT', `${where} did not finish the login in time`, {
        hint: 'The host may be overloaded, or its login waits for something (name service, a directory server).',
      })
  }
}

const controls = /[^\x20-\x7e]+/g

/** The connection ended or broke the protocol before the host key was seen. `heard` is what came in first. */
export function beforeHostKey(place: Place, heard: Uint8Array, error: Error | null): AppError {
  const where = placeName(place)
  const text = Buffer.from(heard).toString('latin1')
  if (/^Not allowed at this time|^Exceeded MaxStartups/m.test(text)) {
    return new AppError('UNREACHABLE', `${where} takes no more connections from here at the moment`, {
      hint: 'sshd limits connections (MaxStartups, PerSourcePenalties). It is tried again by itself.',
      detail: { busy: true },
    })
  }
  if (heard.length === 0) {
    return new AppError('UNREACHABLE', `${where} closed the connection without a word`, {
      hint: 'sshd may be overloaded or block this address (MaxStartups, fail2ban), or this is not an SSH port.',
      detail: { busy: true },
    })
  }
  if (!/^SSH-/m.test(text)) {
    const start = text.slice(0, 60).replace(controls, ' ').trim()
    const kind = /^HTTP\//.test(text) ? 'This is a web server.' : 'Something else listens there.'
    return new AppError('NOT_SSH', `${where} is not an SSH server${start ? `: it says "${start}"` : ''}`, {
      hint: `${kind} Check the port.`,
    })
  }
  if (/^SSH-1\./m.test(text) && !/^SSH-(2|1\.99)/m.test(text)) {
    return new AppError('UNSUPPORTED', `${where} speaks only SSH 1`, { hint: 'Update sshd on the host.' })
  }
  const message = error?.message ?? ''
  if (/no matching/i.test(message)) {
    return new AppError('UNSUPPORTED', `${where} offers no algorithm that is safe today (${message})`, {
      hint: 'Its SSH server is too old or set up too narrowly. Update it, or allow curve25519, AES-GCM or AES-CTR and ed25519, ECDSA or RSA host keys.',
    })
  }
  return new AppError('UNREACHABLE', `The connection to ${where} ended during the handshake`, {
    hint: 'sshd may be restarting or overloaded. It is tried again by itself.',
    detail: message ? { cause: message.slice(0, 200).replace(controls, ' ') } : undefined,
  })
}

export function lostError(place: Place, why: string): AppError {
  return new AppError('LINK_LOST', `The connection to ${placeName(place)} was lost: ${why}`, {
    hint: 'It is connected again by itself.',
  })
}

/** Why a host key was not accepted, and what that means for the person. */
export function refusedKey(verdict: 'unknown' | 'changed' | 'revoked', place: Place, key: HostKey): AppError {
  const where = placeName(place)
  const detail = { type: key.type, fingerprint: key.fingerprint }
  switch (verdict) {
    case 'unknown':
      return new AppError('HOST_KEY_UNKNOWN', `The key of ${where} is not known yet`, {
        hint: `Compare its fingerprint with the host's own: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`,
        detail,
      })
    case 'changed': {
      const name = place.port === 22 ? place.address : `[${place.address}]:${place.port}`
      return new AppError('HOST_KEY_CHANGED', `The key of ${where} is not the one known for it. Nothing was sent.`, {
        hint: `If the host was reinstalled, forget its old key (and remove it from ~/.ssh/known_hosts: ssh-keygen -R '${name}'). Otherwise somebody may be listening in: do not connect.`,
        detail,
      })
    }
    case 'revoked':
      return new AppError('HOST_KEY_REVOKED', `The key of ${where} is marked as revoked. Nothing was sent.`, {
        hint: 'The key was declared stolen or void (@revoked in ~/.ssh/known_hosts). Do not connect until the host has a new one.',
        detail,
      })
  }
}

/** The connection ended between the host key and READY without a refusal. */
export function endedInLogin(place: Place, user: string, error: Error | null): AppError {
  const message = error?.message ?? ''
  if (/too many authentication failures/i.test(message)) {
    return new AppError('AUTH_FAILED', `${placeName(place)} gave up on ${user}: too many keys were tried`, {
      hint: 'ssh-agent holds more keys than sshd allows attempts. Choose the key file instead.',
    })
  }
  if (/SHA-1/.test(message)) {
    return new AppError('UNSUPPORTED', `${placeName(place)} takes RSA keys only with SHA-1 signatures`, {
      hint: 'Use an ed25519 key, or update sshd on the host.',
    })
  }
  return new AppError('UNREACHABLE', `${placeName(place)} closed the connection during the login`, {
    hint: 'sshd may be restarting, or the account is locked or limited. It is tried again by itself.',
  })
}
