// What screens ask about channels; knows no layout.
import type { ChannelView } from '../../shared/model/channel.ts'
import { useEngineQuery } from './remotes.tsx'

/** All channels, kept fresh by events. */
export function useChannels() {
  return useEngineQuery('channel.list', undefined, { staleTime: Number.POSITIVE_INFINITY })
}

/** The kinds never change while the engine runs. */
export function useChannelKinds() {
  return useEngineQuery('channel.kinds', undefined, { staleTime: Number.POSITIVE_INFINITY })
}

/** A list with one of its channels new or changed. */
export function putChannel(list: readonly ChannelView[], view: ChannelView): ChannelView[] {
  const index = list.findIndex(other => other.channel.id === view.channel.id)
  if (index < 0) return [...list, view]
  const next = [...list]
  next[index] = view
  return next
}
