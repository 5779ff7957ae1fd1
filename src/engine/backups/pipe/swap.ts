// The steps of a restore on the host (semantics 32): staged beside, put in place, taken back, all or none; knows no source.
import { AppError } from '../../../shared/errors.ts'
import type { SourceContext, Staging } from '../source.ts'
import { askHost } from './ask-host.ts'
import type { PipeContext } from './host-pipe.ts'
import { lastOf, parentOf } from './host-place.ts'
import { type SwapOp, swapArgv } from './swap-script.ts'

const swapMs = 120_000

export interface SwapPair {
  /** Below the folder that `open` made; null for a file that must not be there afterwards. */
  readonly from: string | null
  readonly path: string
}

/** Where a restore keeps what it needs, in the folder `near`. */
const folderOf = (near: string, { id }: Staging): string => `${near === '/' ? '' : near}/.quarterdeck-restore-${id}`

const besideOf = (path: string, which: 'new' | 'old', { id }: Staging): string =>
  `${path.slice(0, path.lastIndexOf('/'))}/.${lastOf(path)}.quarterdeck-${which}-${id}`

/** What a restore has beside `path` while that is not in place yet, in words: the folder all the time, the other once it is filled. */
export const stagedAt = (path: string, staging: Staging): string =>
  `the hidden folder ${folderOf(parentOf(path), staging)} and, once that was filled, ${besideOf(path, 'new', staging)}`

/** One restore's place on the host. */
export class Swap {
  readonly #context: PipeContext
  readonly #near: string
  readonly #staging: Staging
  readonly #sudo: boolean

  constructor(context: PipeContext, near: string, staging: Staging, sudo: boolean) {
    if (!/^[a-z0-9]{1,40}$/.test(staging.id)) throw new AppError('INVALID_INPUT', 'Not a name for a restore')
    this.#context = context
    this.#near = near === '/' ? '' : near
    this.#staging = staging
    this.#sudo = sudo
  }

  /** Where what is restored may be put until `staged`. */
  get folder(): string {
    return folderOf(this.#near, this.#staging)
  }

  beside(path: string, which: 'new' | 'old'): string {
    return besideOf(path, which, this.#staging)
  }

  /** A clean beginning. */
  async open(): Promise<void> {
    // what was staged before goes: not by one that comes late
    await this.#run('The preparation of the restore', 'open', await this.#number())
  }

  /** All of it is there: it is moved beside what it will replace. Order matters where it goes in place. */
  async staged(pairs: readonly SwapPair[]): Promise<void> {
    for (const { path } of pairs) if (/[\n\0]/.test(path)) throw new AppError('INVALID_INPUT', 'A path holds a newline')
    await this.#run('The staging', 'done', ...pairs.flatMap(({ from, path }) => [from ?? '-', path]))
  }

  /** `before` and `after` are sh; where `before` fails nothing is changed. */
  async swap(before = ':', after = ':'): Promise<string[]> {
    const text = await this.#run('The swap', 'swap', await this.#number(), before, after)
    return text.split('\n').flatMap(line => (line.startsWith('kept ') ? [line.slice(5)] : []))
  }

  async back(after = ':'): Promise<void> {
    await this.#run('The way back', 'back', await this.#number(), after)
  }

  async state(): Promise<'nothing' | 'staged' | 'swapped'> {
    const text = await this.#run('The look at the restore', 'state')
    const state = /^state (nothing|staged|swapped)$/m.exec(text)?.[1]
    if (state === undefined) throw new AppError('PROTOCOL', 'The host did not tell how far the restore is')
    return state as 'nothing' | 'staged' | 'swapped'
  }

  async discard(): Promise<void> {
    await this.#run('The clean-up', 'discard')
  }

  async dropOld(): Promise<void> {
    await this.#run('The removal of the old one', 'drop')
  }

  /** Under which it acts: a question that comes in between makes it void. */
  async #number(): Promise<string> {
    const number = /^number (\d+)$/m.exec(await this.#run('The look at the restore', 'number'))?.[1]
    if (number === undefined) throw new AppError('PROTOCOL', 'The host did not tell how far the restore is')
    return number
  }

  async #run(what: string, op: SwapOp, ...more: string[]): Promise<string> {
    const argv = swapArgv(op, this.#near, this.#staging.id, ...more)
    return (await askHost(this.#context, what, argv, { sudo: this.#sudo, timeout: swapMs })).text
  }
}

/** The verbs after the swap of a source that is put back by these steps alone. */
export const swapVerbs = <S>(swapOf: (context: SourceContext, spec: S, staging: Staging) => Swap | Promise<Swap>) => ({
  swapBack: async (context: SourceContext, spec: S, staging: Staging) => (await swapOf(context, spec, staging)).back(),
  stagedState: async (context: SourceContext, spec: S, staging: Staging) =>
    (await swapOf(context, spec, staging)).state(),
  discard: async (context: SourceContext, spec: S, staging: Staging) =>
    (await swapOf(context, spec, staging)).discard(),
  dropOld: async (context: SourceContext, spec: S, staging: Staging) =>
    (await swapOf(context, spec, staging)).dropOld(),
})
