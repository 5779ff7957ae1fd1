// Desktop notifications: which buttons, what replaces what, where a click leads, and what is said when none is shown.
import { expect, test } from 'vitest'
import { NativeNotification } from '../../../../src/shared/contract/native.ts'
import type { Notification } from '../../../../src/shared/model/channel.ts'
import { harmless, hostileNews, news, notification, send } from './given.ts'

async function shown(what: Notification, spec = {}): Promise<NativeNotification> {
  const all: NativeNotification[] = []
  const notify = async (native: NativeNotification) => {
    all.push(native)
    return { shown: true, reason: null }
  }
  expect(await send('desktop', spec, what, { native: { notify } })).toEqual({ ok: true })
  expect(all).toHaveLength(1)
  return NativeNotification.parse(all[0])
}

test('a firing incident of a service has Restart, Acknowledge and Open, and leads to that incident', async () => {
  expect(await shown(notification())).toEqual({
    id: 'incident/inc-1',
    title: 'bot failed on web-1',
    body: '[STATE] (failed) == active. systemd is restarting it.',
    urgency: 'critical',
    route: '/incidents/inc-1',
    actions: [
      { id: 'restart', title: 'Restart' },
      { id: 'acknowledge', title: 'Acknowledge' },
      { id: 'open', title: 'Open' },
    ],
  })
})

test('newer news of an incident replaces the older, without buttons once it is over', async () => {
  const resolved = await shown(notification([news({ kind: 'resolved' })]))
  expect(resolved).toMatchObject({ id: 'incident/inc-1', actions: [], urgency: 'normal' })
  const repeated = await shown(notification([news({ kind: 'repeat', unit: null })]), { stayOnScreen: false })
  expect(repeated).toMatchObject({ id: 'incident/inc-1', urgency: 'normal' })
  expect(repeated.actions.map(({ id }) => id)).toEqual(['acknowledge', 'open'])
})

test('several pieces of news are one notification of their host', async () => {
  const items = Array.from({ length: 9 }, (_, index) => news({ incidentId: `inc-${index}`, title: `s${index} failed` }))
  const one = await shown(notification(items))
  expect(one).toMatchObject({ id: 'host/web-1', route: '/incidents', actions: [], title: '9 messages of web-1' })
  expect(one.body.split('\n')).toEqual([...items.slice(0, 6).map(({ title }) => `🔴 ${title}`), '… and 3 more'])
})

test('what belongs to no incident has an id of its own', async () => {
  const notice = news({ kind: 'notice', incidentId: null, hostId: null, unit: null, severity: 'info' })
  expect(await shown(notification([notice]))).toMatchObject({
    id: `notification/${notification().id}`,
    route: '/',
    urgency: 'low',
    actions: [],
  })
})

test('S34 hostile and long texts fit the shell’s bounds and hold no control characters', async () => {
  const native = await shown(notification([{ ...hostileNews(), body: `${hostileNews().body}${'x'.repeat(9000)}` }]))
  expect(harmless(native.title) && harmless(native.body)).toBe(true)
  expect(native.title).not.toContain('\n')
  expect(native.body.length).toBe(2000)
})

test('where it was not shown, that is said and not tried again; where the shell did not answer, it is', async () => {
  const refused = { notify: async () => ({ shown: false, reason: 'no notification service' }) }
  expect(await send('desktop', {}, notification(), { native: refused })).toEqual({
    ok: false,
    retry: false,
    retryAfterMs: null,
    message: 'It was not shown: no notification service',
  })
  const gone = { notify: () => Promise.reject(new Error('the shell is gone')) }
  expect(await send('desktop', {}, notification(), { native: gone })).toMatchObject({ ok: false, retry: true })
})
