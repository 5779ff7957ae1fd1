// Looks for texts in everything that an app leaves or shows: files, processes, the page's heap. Knows no secret and no screen.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { processesOf } from './processes.ts'

/** Where each text was found; empty is what a secret wants. */
export type Found = readonly string[]

/** The text as it may lie in memory or on disk: as it is, as UTF-16, and each half, for what was split or cut. */
function shapesOf(text: string): { readonly shape: string; readonly bytes: Buffer }[] {
  const half = Math.ceil(text.length / 2)
  const shape = (name: string, bytes: Buffer) => ({ shape: name, bytes })
  return [
    shape('first half', Buffer.from(text.slice(0, half))),
    shape('second half', Buffer.from(text.slice(half))),
    shape('first half as UTF-16', Buffer.from(text.slice(0, half), 'utf16le')),
    shape('second half as UTF-16', Buffer.from(text.slice(half), 'utf16le')),
    shape('base64', Buffer.from(Buffer.from(text).toString('base64').replace(/=*$/, '').slice(0, -2))),
    shape('hex', Buffer.from(Buffer.from(text).toString('hex'))),
  ]
}

/** `texts` is name → text; findings tell names alone, so that a failing test does not print what it looked for. */
export function findIn(where: string, bytes: Buffer, texts: Readonly<Record<string, string>>): string[] {
  const found: string[] = []
  for (const [name, text] of Object.entries(texts)) {
    const shapes = shapesOf(text).filter(shape => bytes.includes(shape.bytes))
    if (shapes.length > 0) found.push(`${name} in ${where} (${shapes.map(({ shape }) => shape).join(', ')})`)
  }
  return found
}

/** Every byte of every file below `folder`. */
export function findInFiles(folder: string, texts: Readonly<Record<string, string>>): Found {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap(name => {
    const path = join(folder, name)
    try {
      return statSync(path).isFile() ? findIn(name, readFileSync(path), texts) : []
    } catch {
      // Files come and go while the app runs.
      return []
    }
  })
}

/** Command lines and environments of all processes of the app. */
export function findInProcesses(home: string, mainPid: number, texts: Readonly<Record<string, string>>): Found {
  return processesOf(home, mainPid).flatMap(({ pid }) =>
    ['cmdline', 'environ'].flatMap(name => {
      try {
        return findIn(`/proc/${pid}/${name}`, readFileSync(`/proc/${pid}/${name}`), texts)
      } catch {
        return []
      }
    }),
  )
}

/** The page's heap after its garbage was collected. */
export async function heapOf(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page)
  const chunks: string[] = []
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
  await session.send('HeapProfiler.enable')
  for (let round = 0; round < 3; round++) await session.send('HeapProfiler.collectGarbage')
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  await session.detach()
  return Buffer.from(chunks.join(''))
}
