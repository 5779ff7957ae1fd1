// What screens ask about channels; knows no layout.
import { fresh, useEngineQuery } from './remotes.tsx'

/** All channels, kept fresh by events. */
export function useChannels() {
  return useEngineQuery('channel.list', undefined, fresh)
}

/** The kinds never change while the engine runs. */
export function useChannelKinds() {
  return useEngineQuery('channel.kinds', undefined, fresh)
}
