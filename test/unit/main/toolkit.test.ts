// What of the shell's environment GTK is to read, and nobody after it.
import { expect, test } from 'vitest'
import { sparedGtkGl } from '../../../src/main/toolkit.ts'

test('GTK finds OpenGL switched off, and programs started later find nothing of it', () => {
  const env: NodeJS.ProcessEnv = {}
  const read = sparedGtkGl(env)
  expect(env.GDK_GL).toBe('disable')
  read()
  expect('GDK_GL' in env).toBe(false)
})

test('what the person has set for GTK stands', () => {
  const env: NodeJS.ProcessEnv = { GDK_GL: 'always' }
  sparedGtkGl(env)()
  expect(env.GDK_GL).toBe('always')
})
