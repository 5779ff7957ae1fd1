// What screens ask about channels; knows no layout.
import { useEngineQuery } from './remotes.tsx'

/** All channels, kept fresh by events. */
export function useChannels() {
  return useEngineQuery('channel.list', undefined, { staleTime: Number.POSITIVE_INFINITY })
}

/** The kinds never change while the engine runs. */
export function useChannelKinds() {
  return useEngineQuery('channel.kinds', undefined, { staleTime: Number.POSITIVE_INFINITY })
}
