// Proves the two limits that keep sshd from refusing: handshakes at once to one address, and sessions on one connection.
import { expect, test } from 'vitest'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { createHandshakeGate } from '../../../../src/engine/remote/handshake-gate.ts'
import { SessionSlots } from '../../../../src/engine/remote/slots.ts'

const never = new AbortController().signal
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve()
}

test('fewer than 10 handshakes at once to one address, in order, and other addresses are free', async () => {
  const gate = createHandshakeGate()
  const order: number[] = []
  const passes = Array.from({ length: 30 }, (_, n) =>
    gate.enter('a', never).then(pass => {
      order.push(n)
      return pass
    }),
  )
  await settled()
  expect(order.length).toBeLessThan(10)
  const inside = order.length
  await gate.enter('b', never)
  for (let n = 0; n < 30; n++) {
    ;(await passes[n])?.dispose()
    await settled()
    expect(order.length).toBe(Math.min(30, inside + n + 1))
  }
  expect(order).toEqual([...order].sort((x, y) => x - y))
})

test('whoever gives up waiting leaves the line', async () => {
  const gate = createHandshakeGate(1)
  const first = await gate.enter('a', never)
  const abort = new AbortController()
  const second = gate.enter('a', abort.signal)
  const third = gate.enter('a', never)
  abort.abort(new Error('gone'))
  await expect(second).rejects.toThrow('gone')
  first.dispose()
  first.dispose()
  ;(await third).dispose()
  await expect(gate.enter('a', AbortSignal.abort(new Error('late')))).rejects.toThrow('late')
})

test('eight sessions at once, of which live ones leave two to short ones', async () => {
  const clock = new ManualClock()
  const slots = new SessionSlots(clock)
  const live: { dispose(): void }[] = []
  for (let n = 0; n < 8; n++)
    void slots.take(true, never).then(
      slot => live.push(slot),
      () => {},
    )
  await settled()
  expect(live).toHaveLength(6)
  const short = await Promise.all([slots.take(false, never), slots.take(false, never)])
  let third = false
  void slots.take(false, never).then(() => {
    third = true
  })
  await settled()
  expect(third).toBe(false)
  short[0]?.dispose()
  await settled()
  expect(third).toBe(true)
  live[0]?.dispose()
  await settled()
  expect(live).toHaveLength(7)
})

test('a session that does not come free in 30 s is TIMEOUT with what to do', async () => {
  const clock = new ManualClock()
  const slots = new SessionSlots(clock)
  for (let n = 0; n < 8; n++) await slots.take(false, never)
  const late = expect(slots.take(false, never)).rejects.toMatchObject({ code: 'TIMEOUT', hint: /MaxSessions/ })
  clock.advance(30_000)
  await late
  expect(clock.pending).toBe(0)
})

test('a refusal lowers the limit to what was seen open at once, never to less', async () => {
  const slots = new SessionSlots(new ManualClock())
  const three = await Promise.all([1, 2, 3].map(() => slots.take(false, never)))
  for (const slot of three) slot.established()
  const fourth = await slots.take(false, never)
  expect(slots.refused()).toBe(true)
  fourth.dispose()
  let admitted = false
  const next = slots.take(false, never).then(slot => {
    admitted = true
    return slot
  })
  await settled()
  expect(admitted).toBe(false)
  three[0]?.dispose()
  ;(await next).established()
  expect(slots.used).toBe(3)
})
