// Proves which edits leave a stored password with the server that it was given for.
import { expect, it } from 'vitest'
import { sameLogin } from '../../../../src/engine/domain/same-login.ts'

const web = { address: 'web-1.example', port: 22, user: 'deploy' }

it('is the same login under another name or spelling, and no other', () => {
  expect(sameLogin(web, { ...web, address: 'WEB-1.example' })).toBe(true)
  expect(sameLogin(web, { ...web, address: 'evil.example' })).toBe(false)
  expect(sameLogin(web, { ...web, port: 2222 })).toBe(false)
  expect(sameLogin(web, { ...web, user: 'root' })).toBe(false)
})
