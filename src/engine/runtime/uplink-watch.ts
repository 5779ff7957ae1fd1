// Watches whether this computer itself is online, so that its own trouble is nobody else's (R18); tells it, does nothing about it.
import { networkInterfaces } from 'node:os'
import { judgeUplink, type UplinkSigns } from '../domain/uplink.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'

const lookMs = 2_500
const patienceMs = 5_000

export class UplinkWatch implements Disposable {
  readonly #hosts: () => UplinkSigns['hosts']
  readonly #interfacesUp: () => boolean
  readonly #onChange: (online: boolean, reason: string) => void
  readonly #timer: Disposable
  readonly #clock: Clock
  #desktopOnline: boolean | null = null
  #online = true
  /** Since when (monotonic ms) no host can be reached: links that break together may be back at once. */
  #unreachedSince: number | null = null

  constructor(options: {
    clock: Clock
    hosts: () => UplinkSigns['hosts']
    onChange: (online: boolean, reason: string) => void
    interfacesUp?: () => boolean
  }) {
    this.#hosts = options.hosts
    this.#interfacesUp = options.interfacesUp ?? anyInterfaceUp
    this.#onChange = options.onChange
    this.#clock = options.clock
    this.#timer = options.clock.every(lookMs, () => this.look())
  }

  get online(): boolean {
    return this.#online
  }

  /** Nothing can be reached just now: whose trouble that is will be known in a moment. */
  get suspect(): boolean {
    return this.#online && this.#unreachedSince !== null
  }

  /** What the desktop says of the network. */
  setDesktop(online: boolean): void {
    this.#desktopOnline = online
    this.look()
  }

  /** Judges anew; call it whenever a host's reach changed. */
  look(): void {
    const signs = { desktopOnline: this.#desktopOnline, interfacesUp: this.#interfacesUp(), hosts: [] }
    const own = judgeUplink(signs)
    const { online, reason } = own.online ? judgeUplink({ ...signs, hosts: this.#hosts() }) : own
    if (online || !own.online) this.#unreachedSince = null
    else {
      const now = this.#clock.monotonic()
      this.#unreachedSince ??= now
      if (now - this.#unreachedSince < patienceMs) return
    }
    if (online === this.#online) return
    this.#online = online
    this.#onChange(online, reason)
  }

  dispose(): void {
    this.#timer.dispose()
  }
}

function anyInterfaceUp(): boolean {
  return Object.values(networkInterfaces()).some(addresses => addresses?.some(address => !address.internal))
}
