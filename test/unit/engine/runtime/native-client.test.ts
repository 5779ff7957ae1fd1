// The Native port over the wire to a shell, and the one without a desktop: what is asked arrives, and what cannot be is refused with a way out.
import { expect, test } from 'vitest'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { headlessNative, nativeOver } from '../../../../src/engine/runtime/native-client.ts'
import { createKeptKey } from '../../../../src/main/kept-key.ts'
import { nativeContract } from '../../../../src/shared/contract/native.ts'
import { connect } from '../../../../src/shared/rpc/client.ts'
import { portPair } from '../../../../src/shared/rpc/port.ts'
import { serve } from '../../../../src/shared/rpc/server.ts'
import { FakeLoginWindows } from '../../../fakes/login-windows.ts'

const request = {
  ...{ loginId: 'x-bot', title: 'X', url: 'https://x.com/login', domains: ['x.com'] },
  ...{ required: ['auth_token'], keep: false },
}

test('login windows are asked for over the contract, and an abort reaches the shell', async () => {
  const windows = new FakeLoginWindows()
  const [mine, its] = portPair()
  let aborted = false
  const key = createKeptKey()
  const server = serve(nativeContract, its, {
    'notification.show': () => ({ shown: true, reason: null }),
    'tray.set': () => {},
    'keyring.status': () => ({ available: false, reason: null }),
    'keyring.wrap': plain => plain,
    'keyring.unwrap': wrapped => wrapped,
    'vault.keepKey': given => key.keep(given),
    'vault.keptKey': () => key.kept(),
    'login.open': (asked, { signal }) =>
      asked.keep
        ? new Promise(resolve =>
            signal.addEventListener('abort', () => {
              aborted = true
              resolve({ cookies: null, reason: 'It was called off' })
            }),
          )
        : windows.openLogin(asked),
    'login.close': loginId => windows.closeLogin(loginId),
    'login.refresh': asked => windows.refreshLogin(asked),
    'login.forget': loginId => windows.forgetLogin(loginId),
  })
  const client = connect(nativeContract, mine)
  const native = nativeOver(client, silentLogger)
  expect(await native.openLogin(request)).toEqual({ cookies: null, reason: 'The window was closed' })
  await native.closeLogin('x-bot')
  await native.refreshLogin(request)
  expect(await native.keptKey()).toBeNull()
  await native.keepKey(Buffer.from('a key of this vault'))
  expect(Buffer.from((await native.keptKey()) ?? []).toString()).toBe('a key of this vault')
  await native.keepKey(null)
  expect(await native.keptKey()).toBeNull()
  await native.forgetLogin('x-bot')
  expect(windows).toMatchObject({ opened: [request], closed: ['x-bot'], refreshed: [request], forgotten: ['x-bot'] })
  const caller = new AbortController()
  const waiting = native.openLogin({ ...request, keep: true }, caller.signal)
  setImmediate(() => caller.abort())
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
  await expect.poll(() => aborted).toBe(true)
  client.dispose()
  server.dispose()
})

test('without a desktop each is refused, and told what to do instead', async () => {
  const native = headlessNative(silentLogger)
  for (const ask of [
    () => native.openLogin(request),
    () => native.refreshLogin(request),
    () => native.closeLogin('x-bot'),
    () => native.forgetLogin('x-bot'),
  ])
    await expect(ask()).rejects.toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringMatching(/paste/) })
})
