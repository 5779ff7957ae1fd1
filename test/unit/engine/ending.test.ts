// Proves that the engine's end is begun once and comes through, whoever else asks for it meanwhile; and that a second signal does not wait for it.
import { expect, it } from 'vitest'
import { createEnding } from '../../../src/engine/ending.ts'

function make() {
  const seen: string[] = []
  let finish = (): void => {}
  const ending = createEnding({
    end: (why, graceMs) => {
      seen.push(`${why} ${graceMs}`)
      return new Promise(resolve => {
        finish = resolve
      })
    },
    exit: () => seen.push('exit'),
    signalGraceMs: 28_500,
  })
  return { ending, seen, finish: () => finish() }
}

const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

it('is not cut short by a shell that got the same signal, asks for the end, and goes', async () => {
  const { ending, seen, finish } = make()
  ending.signal('SIGTERM')
  ending.request('asked to', 3_500)
  ending.request('the shell is gone')
  await settle()
  expect(seen).toEqual(['SIGTERM 28500'])
  finish()
  await settle()
  expect(seen).toEqual(['SIGTERM 28500', 'exit'])
})

it('is not cut short by the signals of a log-out either, in whichever order they come', async () => {
  const { ending, seen } = make()
  ending.request('asked to', 3_500)
  ending.signal('SIGHUP')
  ending.signal('SIGTERM')
  ending.signal('SIGHUP')
  await settle()
  expect(seen).toEqual(['asked to 3500'])
})

it('comes at once with a second signal', () => {
  const { ending, seen } = make()
  ending.signal('SIGINT')
  expect(seen).toEqual(['SIGINT 28500'])
  ending.signal('SIGINT')
  expect(seen).toEqual(['SIGINT 28500', 'exit'])
})
