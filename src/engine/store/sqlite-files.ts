// SQLite files of this computer as the ports name them, each task on a thread of its own; knows no backup.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { AppError } from '../../shared/errors.ts'
import type { SqliteTask, TablesOfFile } from './sqlite-work.ts'

type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string }

/** Built, the thread lies beside the engine (or beside its chunks); from the sources, beside this file. */
function threadFile(): string {
  for (const name of ['./sqlite-thread.cjs', '../sqlite-thread.cjs', './sqlite-thread.ts']) {
    const file = fileURLToPath(new URL(name, import.meta.url))
    if (existsSync(file)) return file
  }
  throw new AppError('INTERNAL', 'The thread for SQLite files is missing')
}

/** As the port `SqliteFiles` wants it. */
export function createSqliteFiles() {
  const run = <T>(task: SqliteTask, signal?: AbortSignal): Promise<T> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new AppError('CANCELLED', 'Cancelled'))
      const worker = new Worker(threadFile())
      const end = (act: () => void): void => {
        signal?.removeEventListener('abort', onAbort)
        worker.removeAllListeners()
        worker.on('error', () => {})
        // the answer is there only once the thread has let the file go
        void worker.terminate().then(act)
      }
      const onAbort = (): void => end(() => reject(new AppError('CANCELLED', 'Cancelled')))
      signal?.addEventListener('abort', onAbort, { once: true })
      worker.once('message', (answer: Answer) =>
        end(() => (answer.ok ? resolve(answer.value as T) : reject(bad(answer.message)))),
      )
      worker.once('error', error => end(() => reject(bad(error.message))))
      worker.once('exit', code => end(() => reject(bad(`its thread ended with ${code}`))))
      worker.postMessage(task)
    })
  return {
    integrity: (path: string, signal?: AbortSignal) => run<string[]>({ kind: 'integrity', path }, signal),
    look: (path: string, signal?: AbortSignal) => run<TablesOfFile>({ kind: 'look', path }, signal),
    exportTable: (path: string, table: string, to: string, signal?: AbortSignal) =>
      run<void>({ kind: 'exportTable', path, table, to }, signal),
    fold: (path: string, signal?: AbortSignal) => run<void>({ kind: 'fold', path }, signal),
  }
}

const bad = (why: string): AppError => new AppError('BACKUP_BAD', `The database cannot be read: ${why}`)
