// The thread beside the engine's own on which SQLite files are read through; knows only its tasks.
import { parentPort } from 'node:worker_threads'
import { doSqliteTask, type SqliteTask } from './sqlite-work.ts'

parentPort?.once('message', (task: SqliteTask) => {
  try {
    parentPort?.postMessage({ ok: true, value: doSqliteTask(task) })
  } catch (error) {
    parentPort?.postMessage({ ok: false, message: error instanceof Error ? error.message : String(error) })
  }
})
