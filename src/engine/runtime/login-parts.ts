// Puts together all that looks at, renews and keeps logins: who knows whom, and nothing else.
import type { DisposableBag } from '../lib/disposable.ts'
import { Deactivation, type DeactivationOptions } from './deactivation.ts'
import type { Fleet } from './fleet.ts'
import { KeepAlive, type KeepAliveOptions } from './keep-alive.ts'
import { Logins, type LoginsOptions } from './logins.ts'
import { Renewals, type RenewalsOptions } from './renewal.ts'

export type LoginPartsOptions = Omit<LoginsOptions, 'session'> &
  Omit<RenewalsOptions, 'logins' | 'session' | 'reactivate'> &
  Omit<DeactivationOptions, 'logins' | 'session' | 'renewing'> &
  Omit<KeepAliveOptions, 'logins' | 'renewals' | 'session'> & { fleet: Pick<Fleet, 'session' | 'peek'> }

/** What runs by itself goes with the bag. */
export function loginParts({ fleet, ...options }: LoginPartsOptions, bag: DisposableBag) {
  const session: RenewalsOptions['session'] = hostId => fleet.peek(hostId)
  const logins = bag.add(new Logins({ ...options, session: hostId => fleet.session(hostId) }))
  const renewals: Renewals = bag.add(
    new Renewals({ ...options, logins, session, reactivate: loginId => deactivation.lift(loginId) }),
  )
  const deactivation = bag.add(
    new Deactivation({ ...options, logins, session, renewing: loginId => renewals.isRunning(loginId) }),
  )
  const keepAlive = bag.add(new KeepAlive({ ...options, logins, renewals, session }))
  return { logins, renewals, deactivation, keepAlive }
}
