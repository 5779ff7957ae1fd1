// Takes hosts that are gone out of the filters of channels, and says where nothing is left of one; sends nothing itself.
import { type Channel, desktopChannelId } from '../../shared/model/channel.ts'
import type { Store } from '../store/store.ts'
import type { Outbox } from './outbox.ts'

/**
 * A filter without hosts means all of them. So a channel that was for these alone is switched off rather than told of everything, and that is
 * said on the desktop (or, where it was the desktop's own, on another channel). Returns the ids of the channels that changed. `who` names
 * what is gone.
 */
export function forgetHosts(
  { store, outbox }: { store: Pick<Store, 'channels'>; outbox: Outbox },
  isGone: (hostId: string) => boolean,
  who: string,
): string[] {
  const affected = outbox.channels().filter(channel => channel.filter.hosts.some(isGone))
  if (affected.length === 0) return []
  outbox.transaction(() => {
    const off: Channel[] = []
    for (const channel of affected) {
      const hosts = channel.filter.hosts.filter(id => !isGone(id))
      if (hosts.length === 0 && channel.enabled) off.push(channel)
      const enabled = channel.enabled && hosts.length > 0
      store.channels.update(channel.id, { ...channel, enabled, filter: { ...channel.filter, hosts } })
    }
    outbox.reload()
    const left = outbox.channels().filter(channel => channel.enabled && !outbox.isSilent(channel.id))
    const hearer = left.find(({ id }) => id === desktopChannelId) ?? left[0]
    for (const { name } of hearer ? off : [])
      outbox.postNotice(
        hearer?.id ?? '',
        `${name} is switched off`,
        `It was for ${who} alone, which is no longer there. Choose other hosts for it, or all of them, and switch it on again.`,
      )
  })
  return affected.map(({ id }) => id)
}
