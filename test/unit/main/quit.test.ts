// Proves that the end happens once, in good order, and at once when asked twice.
import { describe, expect, it } from 'vitest'
import { createQuit } from '../../../src/main/quit.ts'

function make(end: () => Promise<void>) {
  const seen: string[] = []
  const quit = createQuit({
    end: () => {
      seen.push('end')
      return end()
    },
    exit: code => seen.push(`exit ${code}`),
    killAll: () => seen.push('kill'),
  })
  return { quit, seen }
}

const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('createQuit', () => {
  it('ends once, however often it is requested', async () => {
    const { quit, seen } = make(() => Promise.resolve())
    expect(quit.quitting).toBe(false)
    quit.request()
    quit.request()
    expect(quit.quitting).toBe(true)
    await settle()
    expect(seen).toEqual(['end', 'exit 0'])
  })

  it('asks before a request whether it may', async () => {
    const answers = [false, true]
    const seen: string[] = []
    const quit = createQuit({
      mayEnd: async () => answers.shift() ?? false,
      end: async () => void seen.push('end'),
      exit: code => seen.push(`exit ${code}`),
      killAll: () => {},
    })
    quit.request()
    await settle()
    expect([quit.quitting, seen]).toEqual([false, []])
    quit.request()
    await settle()
    expect(seen).toEqual(['end', 'exit 0'])
  })

  it('lets nothing hold up a signal', () => {
    const seen: string[] = []
    const quit = createQuit({
      mayEnd: () => new Promise(() => {}),
      end: async bySignal => void seen.push(`end ${bySignal}`),
      exit: () => {},
      killAll: () => {},
    })
    quit.request()
    quit.signal('SIGTERM')
    expect(seen).toEqual(['end true'])
  })

  it('leaves nothing behind when the end fails', async () => {
    const { quit, seen } = make(() => Promise.reject(new Error('bug')))
    quit.signal('SIGINT')
    await settle()
    expect(seen).toEqual(['end', 'kill', 'exit 1'])
  })

  it('does not wait after a second signal, and keeps to that', async () => {
    let finish = (): void => {}
    const { quit, seen } = make(
      () =>
        new Promise(resolve => {
          finish = resolve
        }),
    )
    quit.signal('SIGTERM')
    expect(seen).toEqual(['end'])
    quit.signal('SIGINT')
    expect(seen).toEqual(['end', 'kill', 'exit 1'])
    finish()
    await settle()
    expect(seen).toEqual(['end', 'kill', 'exit 1'])
  })

  it.each([
    ['SIGTERM', 'SIGHUP'],
    ['SIGHUP', 'SIGTERM'],
  ] as const)('is not cut short by a log-out, whose signals are %s and %s', (first, second) => {
    const { quit, seen } = make(() => new Promise(() => {}))
    quit.request()
    quit.signal(first)
    quit.signal(second)
    expect(seen).toEqual(['end'])
    quit.signal('SIGTERM')
    expect(seen).toEqual(['end', 'kill', 'exit 1'])
  })
})
