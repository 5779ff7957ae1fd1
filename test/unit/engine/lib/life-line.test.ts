// What a host does with a program whose stdin came whole, or was cut; by this computer's own sh.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { heldArgv } from '../../../../src/engine/lib/life-line.ts'

/** Sends it so many bytes of its stdin, and one beat where that is all; tells how it ended. */
async function hold(text: string, sent: number): Promise<{ exit: number | null; out: string }> {
  const input = Buffer.from(text)
  const [program = '', ...argv] = heldArgv('0123456789abcdef', input.length, ['sh', '-c', 'echo begun; cat'])
  const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'ignore'] })
  const out: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stdin.on('error', () => {})
  child.stdin.write(input.subarray(0, sent))
  if (sent === input.length) child.stdin.write('beat\n')
  else child.stdin.end()
  const [exit] = (await once(child, 'close')) as [number | null]
  return { exit, out: Buffer.concat(out).toString() }
}

it('begins nothing on a stdin that was cut, and gives a whole one on as it is', async () => {
  // bytes are counted, not letters; the last line ends as it came
  const text = 'SELECT "größe";\n\n'
  const size = Buffer.byteLength(text)
  expect(await hold(text, size)).toEqual({ exit: 0, out: `begun\n${text}` })
  for (const sent of [0, 5, size - 1]) expect(await hold(text, sent)).toEqual({ exit: 143, out: '' })
})
