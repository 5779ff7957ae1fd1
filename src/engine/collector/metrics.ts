// Looks at a host's /proc over one channel, one look per tick from here (R11); knows a host only through its link.
import { randomBytes, randomInt } from 'node:crypto'
import { AppError, type ErrorShape } from '../../shared/errors.ts'
import type { HostSample } from '../../shared/model/metric.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { type Frame, FrameReader, maxLookBytes } from '../parse/metrics-frame.ts'
import { SampleMaker } from '../parse/metrics-rates.ts'
import { skippedDisk, skippedInterface } from '../parse/proc-look.ts'
import type { Link, MetricSampler, RemoteProcess } from '../ports.ts'
import { DiskWatch } from './metrics-disks.ts'
import { metricsCommand } from './metrics-script.ts'
import { UnitGroups, type WatchedUnit } from './metrics-units.ts'

/** A looker that has not said hello, or not answered, by then is given up. */
const helloTimeoutMs = 15_000
const usualPatienceMs = 15_000
/** The first sample waits so long for the disks, that it be whole. */
const firstDisksMs = 2_000
/** A login shell may greet before the looker does; not more than this. */
const maxGreeting = 64 * 1024

export interface MetricsOptions {
  clock: Clock
  log: Logger
  /** `sh` leaves awk out, for hosts whose awk does not answer line by line. */
  mode?: 'awk' | 'sh'
  /** How long a look may take; 15 s unless told. */
  patienceMs?: number
  /** A prefix of all paths on the host, for tests on recorded trees. */
  root?: string
}

/**
 * Starts the looker on the host. Resolves when it said hello; with an awk that stays silent the plain shell takes its place.
 * Rejects with LINK_LOST, TIMEOUT or COMMAND_FAILED.
 */
export async function openMetricSampler(link: Link, options: MetricsOptions): Promise<MetricSampler> {
  const first = options.mode ?? 'awk'
  const sampler = await start(link, options, first)
  if (first === 'sh') return sampler
  try {
    await sampler.trial()
    return sampler
  } catch (error) {
    await sampler.dispose()
    if (AppError.from(error).code !== 'TIMEOUT') throw error
    options.log.info('awk does not answer, using the shell')
    return await start(link, options, 'sh')
  }
}

async function start(link: Link, options: MetricsOptions, mode: 'awk' | 'sh'): Promise<ProcSampler> {
  const nonce = randomBytes(9).toString('hex')
  const command = metricsCommand({
    nonce,
    mode,
    skipInterfaces: skippedInterface,
    skipDisks: skippedDisk,
    ...(options.root === undefined ? {} : { root: options.root }),
  })
  const process = await link.spawn(command)
  const sampler = new ProcSampler(link, process, options, nonce)
  await sampler.hello
  return sampler
}

interface Waiter {
  readonly sequence: number
  readonly resolve: (frame: Frame) => void
  readonly reject: (error: AppError) => void
  readonly timer: Disposable
}

class ProcSampler implements MetricSampler {
  readonly generation: number
  readonly closed: Promise<ErrorShape | null>
  readonly hello: Promise<void>
  readonly #process: RemoteProcess
  readonly #clock: Clock
  readonly #bag = new DisposableBag()
  readonly #disks: DiskWatch
  readonly #groups: UnitGroups
  readonly #reader = new FrameReader()
  readonly #maker: SampleMaker
  readonly #waiters: Waiter[] = []
  readonly #greeting: string
  readonly #patienceMs: number
  #greeted: (() => void) | null = null
  #refused: ((error: AppError) => void) | null = null
  #greetingBytes = 0
  #pending: Buffer[] = []
  #pendingBytes = 0
  #stderr = ''
  #sequence = randomInt(1_000, 9_000)
  #first = true
  #settle: (error: ErrorShape | null) => void = () => {}
  #over = false

  constructor(link: Link, process: RemoteProcess, options: MetricsOptions, nonce: string) {
    const { clock, log } = options
    this.#process = process
    this.#clock = clock
    this.generation = process.generation
    this.#patienceMs = options.patienceMs ?? usualPatienceMs
    this.#greeting = `quarterdeck 1 ${nonce} `
    this.#disks = this.#bag.add(new DiskWatch(link, clock, log))
    this.#groups = this.#bag.add(new UnitGroups(link, clock, log))
    this.#maker = new SampleMaker(link.hostId)
    this.closed = new Promise(resolve => {
      this.#settle = resolve
    })
    this.hello = new Promise((resolve, reject) => {
      this.#greeted = resolve
      this.#refused = reject
    })
    const patience = this.#bag.add(
      clock.after(helloTimeoutMs, () => this.#end(new AppError('TIMEOUT', 'The host does not answer to metrics'))),
    )
    void this.hello.then(
      () => patience.dispose(),
      () => {},
    )
    process.stdout.on('data', (chunk: Buffer) => this.#take(chunk))
    process.stderr.on('data', (chunk: Buffer) => {
      if (this.#stderr.length < 2_000) this.#stderr += chunk.toString('utf8').slice(0, 2_000)
    })
    process.stdin.on('error', () => {})
    void process.ended.then(({ exit, lost }) => {
      if (lost) this.#end(new AppError('LINK_LOST', 'The connection was lost'))
      else {
        const detail = { exit, stderr: this.#stderr.slice(0, 500) }
        this.#end(new AppError('COMMAND_FAILED', 'The metrics program on the host ended', { detail }))
      }
    })
  }

  watchUnits(units: readonly WatchedUnit[]): void {
    this.#groups.watch(units)
  }

  async sample(signal?: AbortSignal): Promise<HostSample> {
    this.#disks.look()
    const frame = await this.#look(this.#patienceMs, signal)
    const at = this.#clock.now()
    if (this.#first) {
      this.#first = false
      await this.#disks.settled(firstDisksMs)
    }
    const missing: string[] = []
    for (const [key, unit] of frame.look.units) if (unit.kind === 'absent' || unit.processes === 0) missing.push(key)
    this.#groups.missing(missing)
    return this.#maker.next(frame.look, at, this.#disks.use, key => this.#groups.unitOf(key))
  }

  /** One look that counts for nothing, to see that the looker answers line by line. */
  async trial(): Promise<void> {
    await this.#look(5_000)
  }

  async dispose(): Promise<void> {
    this.#end(null)
    await this.#process.ended
  }

  #look(timeout: number, signal?: AbortSignal): Promise<Frame> {
    if (this.#over) return Promise.reject(new AppError('NOT_CONNECTED', 'The metrics of this host are closed'))
    if (signal?.aborted) return Promise.reject(new AppError('CANCELLED', 'Cancelled'))
    return new Promise((resolve, reject) => {
      const sequence = ++this.#sequence
      const onAbort = (): void => reject(new AppError('CANCELLED', 'Cancelled'))
      signal?.addEventListener('abort', onAbort, { once: true })
      const release = (): void => {
        timer.dispose()
        signal?.removeEventListener('abort', onAbort)
      }
      // a looker that is late is out of step with what is asked: it is not asked again
      const timer = this.#clock.after(timeout, () =>
        this.#end(new AppError('TIMEOUT', 'The host does not answer to metrics')),
      )
      this.#waiters.push({
        sequence,
        timer,
        resolve: frame => {
          release()
          resolve(frame)
        },
        reject: error => {
          release()
          reject(error)
        },
      })
      this.#process.stdin.write(`${this.#groups.takeLines() ?? ''}t${sequence}\n`)
    })
  }

  /** Bytes are kept as they come and read as text by whole lines only. */
  #take(chunk: Buffer): void {
    if (this.#over) return
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    if (this.#pendingBytes > maxLookBytes) {
      this.#end(new AppError('PROTOCOL', 'The host sends metrics without an end'))
      return
    }
    if (!chunk.includes(10)) return
    const text = (this.#pending.length === 1 ? chunk : Buffer.concat(this.#pending)).toString('utf8')
    const lines = text.split('\n')
    const rest = lines.pop() ?? ''
    // what follows the last line break: cut from the chunk, as text it might be half a character
    const restBytes = rest === '' ? Buffer.alloc(0) : chunk.subarray(chunk.lastIndexOf(10) + 1)
    this.#pending = restBytes.length > 0 ? [restBytes] : []
    this.#pendingBytes = restBytes.length
    try {
      for (const line of lines) this.#line(line)
    } catch (error) {
      this.#end(AppError.from(error))
    }
  }

  #line(line: string): void {
    if (this.#greeted) {
      if (line.startsWith(this.#greeting)) {
        this.#greeted()
        this.#greeted = null
        this.#refused = null
        return
      }
      this.#greetingBytes += line.length
      if (this.#greetingBytes > maxGreeting) throw new AppError('PROTOCOL', 'The host greets without an end')
      return
    }
    const frame = this.#reader.line(line)
    if (!frame) return
    const waiter = this.#waiters[0]
    if (waiter?.sequence !== frame.sequence) throw new AppError('PROTOCOL', 'The host sent metrics out of turn')
    this.#waiters.shift()
    waiter.resolve(frame)
  }

  #end(error: AppError | null): void {
    if (this.#over) return
    this.#over = true
    this.#bag.dispose()
    this.#pending = []
    const reason = error ?? new AppError('CANCELLED', 'Closed')
    this.#refused?.(reason)
    for (const waiter of this.#waiters.splice(0)) waiter.reject(reason)
    this.#process.dispose()
    this.#settle(error?.toShape() ?? null)
  }
}
