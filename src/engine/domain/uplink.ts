// Decides whether this computer is online (R18), from what it says of itself and from which hosts it reaches; knows no socket.

export interface UplinkSigns {
  /** What the desktop says; null where nobody asks it. */
  readonly desktopOnline: boolean | null
  /** Is any network interface but loopback up? */
  readonly interfacesUp: boolean
  /** The hosts that a link is wanted to, without this computer itself. `reachable` is null where that was not tried yet. */
  readonly hosts: readonly { readonly id: string; readonly reachable: boolean | null; readonly jump: string | null }[]
}

/**
 * Two hosts that are reached without each other's help hardly vanish at the same moment: this computer does. One host alone proves nothing,
 * and neither do those behind a jump host.
 */
export function judgeUplink({ desktopOnline, interfacesUp, hosts }: UplinkSigns): { online: boolean; reason: string } {
  if (desktopOnline === false) return { online: false, reason: 'The desktop says that this computer is offline' }
  if (!interfacesUp) return { online: false, reason: 'No network interface of this computer is up' }
  const direct = hosts.filter(host => host.jump === null)
  const reached = hosts.filter(host => host.reachable).length
  const untried = hosts.some(host => host.reachable === null)
  if (direct.length >= 2 && reached === 0 && !untried)
    return { online: false, reason: `None of ${direct.length} hosts can be reached from this computer` }
  const reason = hosts.length === 0 ? 'A network interface is up' : `${reached} of ${hosts.length} hosts can be reached`
  return { online: true, reason }
}
