// This computer is a host like the others, there from the first start (R6); connects to nothing.
import { userInfo } from 'node:os'
import { type Host, localHostId } from '../../shared/model/host.ts'
import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/store.ts'

export function ensureLocalHost(store: Pick<Store, 'hosts'>, clock: Clock): void {
  if (store.hosts.get(localHostId)) return
  const local: Omit<Host, 'stored'> = {
    id: localHostId,
    kind: 'local',
    name: 'This computer',
    address: 'localhost',
    port: 22,
    user: userInfo().username,
    auth: { kind: 'agent' },
    sudo: 'passwordless',
    jump: null,
    userUnits: true,
    createdAt: clock.now(),
  }
  store.hosts.insert(local)
}
