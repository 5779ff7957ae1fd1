// The outbox's sending end: one queue per channel, each message until it has arrived or cannot (semantics 14, 19); decides nothing about alerts.
import { randomUUID } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import {
  type Channel,
  type ChannelDraft,
  ChannelFilter,
  type ChannelView,
  desktopChannelId,
  type Notification,
  type OutboxEntry,
} from '../../shared/model/channel.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'
import { type ChannelType, channelTypeOf } from '../channels/index.ts'
import { newHostId } from '../domain/host-id.ts'
import type { Clock } from '../lib/clock.ts'
import { type AsyncDisposable, DisposableBag } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { SteadyTime } from '../lib/steady-time.ts'
import type { Native } from '../ports.ts'
import { fieldSecretId } from '../store/field-secrets.ts'
import type { Store } from '../store/store.ts'
import { forgetHosts } from './channel-hosts.ts'
import { ChannelQueue } from './channel-queue.ts'
import type { Outbox } from './outbox.ts'
import type { Publish } from './publish.ts'
import type { Vault } from './vault.ts'

export interface NotifierOptions {
  store: Store
  outbox: Outbox
  vault: Pick<Vault, 'get' | 'put' | 'forget' | 'onChange'>
  native: Native
  clock: Clock
  steady: SteadyTime
  log: Logger
  publish: Publish
  typeOf?: (type: string) => ChannelType | undefined
}

const testMs = 30_000
/** What was dealt with is still shown for so long. */
const keptMs = 90 * 86_400_000
const rowsPerSlice = 500

export class Notifier implements AsyncDisposable {
  readonly #options: NotifierOptions
  readonly #log: Logger
  readonly #typeOf: (type: string) => ChannelType | undefined
  readonly #queues = new Map<string, ChannelQueue>()
  readonly #bag = new DisposableBag()
  readonly #ended = new AbortController()

  constructor(options: NotifierOptions) {
    this.#options = options
    this.#log = options.log.child('notifier')
    this.#typeOf = options.typeOf ?? channelTypeOf
    this.#ensureDesktop()
    this.#bag.add(options.outbox.changed.on(id => this.#queues.get(id)?.wake()))
    this.#bag.add(
      options.vault.onChange(status => {
        if (status.state === 'unlocked') for (const queue of this.#queues.values()) queue.hurry()
      }),
    )
    this.#bag.add(options.clock.every(3_600_000, () => this.#expire()))
  }

  /** Begins to send, what was left over from the last run first. */
  start(): void {
    const { store } = this.#options
    try {
      this.#forgetHosts(id => store.hosts.get(id) === null, 'a host')
    } catch (error) {
      this.#log.warn('filters still name hosts that are gone', { error: String(error) })
    }
    for (const channel of this.#options.outbox.channels()) this.#open(channel)
  }

  /** The host is about to go: no channel's filter names it any more. */
  hostRemoved(hostId: string): void {
    this.#forgetHosts(id => id === hostId, this.#options.store.hosts.get(hostId)?.name ?? hostId)
  }

  /** Time was lost: quiet hours and waits are looked at anew. */
  onClockGap(): void {
    for (const queue of this.#queues.values()) queue.wake()
  }

  list(): ChannelView[] {
    return this.#options.outbox.channels().map(channel => this.#view(channel))
  }

  /** Throws NOT_FOUND. */
  get(id: string): ChannelView {
    return this.#view(this.#channel(id))
  }

  /** Throws INVALID_INPUT where the spec is not one of its kind, VAULT_LOCKED where a secret cannot be kept. */
  add(draft: ChannelDraft, secrets: FieldSecrets): Channel {
    const { store, clock, outbox } = this.#options
    const type = this.#kind(draft.type)
    if (!type.addable) throw new AppError('INVALID_INPUT', `${type.title} is there already`)
    const spec = this.#parse(type, draft.spec)
    const id = newHostId(
      draft.name,
      outbox.channels().map(channel => channel.id),
    )
    store.transaction(() => {
      store.channels.insert({ ...draft, spec, id, createdAt: clock.now() })
      this.#keepSecrets(id, secrets)
    })
    outbox.reload()
    const channel = this.#channel(id)
    this.#open(channel)
    this.#announce(id)
    return channel
  }

  edit(id: string, draft: ChannelDraft, secrets: FieldSecrets): Channel {
    const { store, outbox } = this.#options
    const before = this.#channel(id)
    if (before.type !== draft.type)
      throw new AppError('INVALID_INPUT', 'A channel stays of its kind', { hint: 'Add another channel.' })
    const spec = this.#parse(this.#kind(draft.type), draft.spec)
    store.transaction(() => {
      store.channels.update(id, { ...draft, spec })
      this.#keepSecrets(id, secrets)
    })
    outbox.reload()
    const channel = this.#channel(id)
    this.#queues.get(id)?.change(channel)
    this.#announce(id)
    return channel
  }

  /** What still waits for it goes with it. */
  async remove(id: string): Promise<void> {
    const { store, outbox, publish } = this.#options
    const channel = this.#channel(id)
    if (id === desktopChannelId)
      throw new AppError('INVALID_INPUT', `${channel.name} cannot be removed`, { hint: 'Switch it off instead.' })
    const queue = this.#queues.get(id)
    this.#queues.delete(id)
    await queue?.dispose()
    store.channels.remove(id)
    outbox.reload()
    publish('channel.removed', id)
  }

  /** Sends a message at once by what is given, saving nothing. Null when it arrived, else why not. */
  async test(id: string | null, draft: ChannelDraft, secrets: FieldSecrets): Promise<{ problem: string | null }> {
    const { clock, native, vault } = this.#options
    const type = this.#kind(draft.type)
    const spec = this.#parse(type, draft.spec)
    const text = `A test of ${draft.name}`
    const at = clock.now()
    const notification: Notification = {
      id: randomUUID(),
      severity: 'info',
      title: text,
      items: [
        {
          kind: 'test',
          incidentId: null,
          hostId: null,
          hostName: null,
          unit: null,
          severity: 'info',
          title: text,
          body: 'If you can read this, alerts will arrive here, too.',
          at,
        },
      ],
      at,
    }
    const end = new AbortController()
    const timer = clock.after(testMs, () => end.abort())
    const late = new Promise<never>((_, reject) => {
      end.signal.addEventListener('abort', () =>
        reject(new AppError('TIMEOUT', `No answer within ${testMs / 1_000} s`)),
      )
    })
    try {
      const secret = async (field: string): Promise<string | null> => {
        const given = secrets[field]
        if (given !== undefined) return given
        return id === null ? null : vault.get(fieldSecretId('channel', id, field))
      }
      const signal = AbortSignal.any([end.signal, this.#ended.signal])
      const result = await Promise.race([type.send({ clock, native, signal, secret }, spec, notification), late])
      return { problem: result.ok ? null : result.message }
    } catch (error) {
      return { problem: AppError.from(error).message }
    } finally {
      timer.dispose()
    }
  }

  /** Newest first. */
  outbox(id: string, limit: number): OutboxEntry[] {
    this.#channel(id)
    return this.#options.store.outbox.list(id, limit)
  }

  /** What is being sent may end within a moment; what does not is sent again, under the same id, at the next start. */
  async dispose(): Promise<void> {
    this.#bag.dispose()
    this.#ended.abort()
    await Promise.all([...this.#queues.values()].map(queue => queue.dispose()))
    this.#queues.clear()
  }

  #open(channel: Channel): void {
    const { outbox, native, clock, steady, vault } = this.#options
    const queue = new ChannelQueue({
      channel,
      type: this.#typeOf(channel.type),
      outbox,
      native,
      clock,
      steady,
      log: this.#log,
      secret: async field => vault.get(fieldSecretId('channel', channel.id, field)),
      onChange: () => this.#announce(channel.id),
    })
    this.#queues.set(channel.id, queue)
    queue.wake()
  }

  #view(channel: Channel): ChannelView {
    const { outbox, store, clock, steady } = this.#options
    const queue = this.#queues.get(channel.id)
    const next = queue?.nextAttemptAt ?? null
    return {
      channel,
      waiting: outbox.open(channel.id).length,
      lastSentAt: queue?.lastSentAt ?? store.outbox.lastSentAt(channel.id),
      problem: queue?.problem ?? null,
      nextAttemptAt: next === null ? null : clock.now() + Math.max(0, next - steady.now()),
    }
  }

  #channel(id: string): Channel {
    const channel = this.#options.outbox.channels().find(each => each.id === id)
    if (!channel) throw new AppError('NOT_FOUND', 'This channel is not there any more')
    return channel
  }

  #kind(name: string): ChannelType {
    const type = this.#typeOf(name)
    if (!type) throw new AppError('INVALID_INPUT', 'There is no such kind of channel')
    return type
  }

  #parse(type: ChannelType, spec: Record<string, unknown>): Record<string, unknown> {
    const parsed = type.spec.safeParse(spec)
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw new AppError('INVALID_INPUT', issue?.message ?? 'This channel cannot be used so', {
      detail: { field: ['spec', ...(issue?.path ?? [])].join('.') },
    })
  }

  #keepSecrets(id: string, secrets: FieldSecrets): void {
    for (const [field, value] of Object.entries(secrets)) {
      if (value === null) this.#options.vault.forget(fieldSecretId('channel', id, field))
      else this.#options.vault.put(fieldSecretId('channel', id, field), value)
    }
  }

  #forgetHosts(isGone: (hostId: string) => boolean, who: string): void {
    for (const id of forgetHosts(this.#options, isGone, who)) {
      this.#queues.get(id)?.change(this.#channel(id))
      this.#announce(id)
    }
  }

  #announce(id: string): void {
    const channel = this.#options.outbox.channels().find(each => each.id === id)
    if (channel) this.#options.publish('channel.changed', this.#view(channel))
  }

  /** The desktop is there from the first start. */
  #ensureDesktop(): void {
    const { store, clock, outbox } = this.#options
    if (store.channels.get(desktopChannelId)) return
    const type = this.#typeOf(desktopChannelId)
    store.channels.insert({
      id: desktopChannelId,
      type: desktopChannelId,
      name: 'This desktop',
      spec: type ? this.#parse(type, {}) : {},
      enabled: true,
      filter: ChannelFilter.parse({}),
      quietHours: null,
      createdAt: clock.now(),
    })
    outbox.reload()
  }

  #expire(): void {
    const { store, clock } = this.#options
    try {
      store.outbox.expire(clock.now() - keptMs, rowsPerSlice)
    } catch (error) {
      this.#log.warn('old messages were not forgotten', { error: String(error) })
    }
  }
}
