// The demo's answers about channels. Knows nothing of ports. Never part of the app.
import type { EngineContract } from '../../../src/shared/contract/engine.ts'
import { AppError } from '../../../src/shared/errors.ts'
import type { Channel, ChannelView } from '../../../src/shared/model/channel.ts'
import type { Handlers, Server } from '../../../src/shared/rpc/server.ts'
import { complete } from './complete.ts'
import { channelKinds } from './kinds.ts'
import type { World } from './world.ts'

type ChannelCalls = Pick<
  Handlers<EngineContract>,
  | 'channel.kinds'
  | 'channel.list'
  | 'channel.add'
  | 'channel.edit'
  | 'channel.remove'
  | 'channel.test'
  | 'channel.outbox'
>

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

export function channelHandlers(world: World, emit: Server<EngineContract>['emit']): ChannelCalls {
  for (const [id, view] of world.channels)
    world.channels.set(id, { ...view, channel: complete(channelKinds, view.channel) })
  const get = (id: string): ChannelView => {
    const view = world.channels.get(id)
    if (!view) throw new AppError('NOT_FOUND', 'That channel is not there any more')
    return view
  }
  const put = (view: ChannelView): Channel => {
    world.channels.set(view.channel.id, view)
    emit('channel.changed', view)
    return view.channel
  }
  const storedOf = (had: readonly string[], secrets: Record<string, string | null>): string[] => {
    const names = new Set(had)
    for (const [name, value] of Object.entries(secrets)) {
      if (value === null) names.delete(name)
      else names.add(name)
    }
    return [...names]
  }
  return {
    'channel.kinds': () => [...channelKinds],
    'channel.list': () => [...world.channels.values()],
    'channel.add': async ({ draft, secrets }) => {
      await wait(150)
      const id = `${draft.type}-${world.channels.size}`
      const channel = { ...draft, id, createdAt: Date.now(), stored: storedOf([], secrets) }
      return put({ channel, waiting: 0, lastSentAt: null, problem: null, nextAttemptAt: null })
    },
    'channel.edit': async ({ id, draft, secrets }) => {
      await wait(150)
      const view = get(id)
      return put({ ...view, channel: { ...view.channel, ...draft, stored: storedOf(view.channel.stored, secrets) } })
    },
    'channel.remove': id => {
      if (id === 'desktop')
        throw new AppError('CONFLICT', 'The desktop channel cannot be removed', { hint: 'Switch it off instead.' })
      world.channels.delete(id)
      emit('channel.removed', id)
    },
    'channel.test': async ({ draft }) => {
      await wait(700)
      return { problem: draft.type === 'email' ? 'smtp.example.org refused the login: 535 5.7.8' : null }
    },
    'channel.outbox': ({ id, limit }) => (world.outbox.get(get(id).channel.id) ?? []).slice(0, limit),
  }
}
