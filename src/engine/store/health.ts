// Whether the disk takes what the store writes, and what to say when it does not; knows nothing of what is written.
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { isDamage, markSuspect } from './damage.ts'

export interface StoreProblem {
  readonly code: 'DISK_FULL' | 'DATABASE_DAMAGED'
  readonly message: string
  /** Wall ms. */
  readonly since: number
}

export interface StoreHealth {
  readonly problem: StoreProblem | null
  onProblem(listener: (problem: StoreProblem | null) => void): Disposable
  /** Translates what a database threw, and keeps it as the problem where the disk is to blame. */
  failed(error: unknown, path?: string): unknown
  dispose(): void
}

const fullCodes = /^(SQLITE_FULL|SQLITE_IOERR|SQLITE_READONLY|SQLITE_CANTOPEN|ENOSPC|EDQUOT|EROFS|EIO)/

/**
 * `retry` is called now and then while the disk is full and says whether everything can be written again. Until it does, the problem
 * stays, whatever single write found some room.
 */
export function createHealth(options: {
  clock: Clock
  log: Logger
  retrySeconds: number
  retry: () => boolean
}): StoreHealth {
  const { clock, log } = options
  const changed = new Emitter<StoreProblem | null>()
  let problem: StoreProblem | null = null
  let timer: Disposable | null = null

  function set(next: StoreProblem | null): void {
    problem = next
    timer?.dispose()
    timer = next?.code === 'DISK_FULL' ? clock.every(options.retrySeconds * 1000, retry) : null
    changed.emit(next)
  }

  function retry(): void {
    if (!options.retry()) return
    log.info('disk takes writes again')
    set(null)
  }

  return {
    get problem() {
      return problem
    },
    onProblem: listener => changed.on(listener),
    failed(error, path) {
      if (error instanceof AppError || !(error instanceof Error)) return error
      const code = 'code' in error ? String(error.code) : ''
      if (isDamage(error)) {
        if (path !== undefined) markSuspect(path)
        const message = 'The database is damaged. At the next start it is set aside and a fresh one is made.'
        if (problem?.code !== 'DATABASE_DAMAGED') {
          log.error('database damaged', { path, code, reason: error.message })
          set({ code: 'DATABASE_DAMAGED', message, since: clock.now() })
        }
        return new AppError('DATABASE_DAMAGED', message, { cause: error })
      }
      if (!fullCodes.test(code)) return error
      const message =
        'The disk is full or cannot be written. Monitoring goes on; history is kept in memory for a while.'
      if (problem === null) {
        log.error('disk full', { path, code, reason: error.message })
        set({ code: 'DISK_FULL', message, since: clock.now() })
      }
      return new AppError('DISK_FULL', 'The disk is full or cannot be written; nothing was saved', {
        hint: 'Free some space where Quarterdeck keeps its data. It goes on by itself.',
        cause: error,
      })
    },
    dispose() {
      timer?.dispose()
      timer = null
      changed.dispose()
    },
  }
}
