// Notifications on a real session bus before a service that acts as a person does: buttons come back, newer replaces older, and what cannot be shown is said.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Message, sessionBus } from 'dbus-next'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BusNotifications, createBusNotifications } from '../../../src/main/bus-notifications.ts'
import type { Log } from '../../../src/main/log.ts'
import type { NativeNotification } from '../../../src/shared/contract/native.ts'
import { type NotificationDaemon, startNotificationDaemon } from '../../fakes/notification-daemon.ts'
import { type SessionBus, startSessionBus } from '../../fakes/session-bus.ts'

// The bus is a program of Linux desktops.
const onLinux = test.runIf(process.platform === 'linux')

const silent: Log = { info: () => {}, warn: () => {}, error: () => {}, child: () => silent }
const asked = (change: Partial<NativeNotification> = {}): NativeNotification => ({
  id: 'incident/1',
  title: 'bot failed on web-1',
  body: 'It exited & <b>stays</b> down',
  urgency: 'critical',
  route: '/incidents/1',
  actions: [
    { id: 'restart', title: 'Restart' },
    { id: 'acknowledge', title: 'Acknowledge' },
  ],
  ...change,
})

let folder: string
let bus: SessionBus
let daemon: NotificationDaemon
let notifications: BusNotifications
const opened: string[] = []
const acted: string[] = []

function open(address = bus.address): BusNotifications {
  return createBusNotifications({
    icon: '/icon.png',
    log: silent,
    address,
    open: route => opened.push(route),
    acted: ({ id }, action) => acted.push(`${id} ${action}`),
  })
}

beforeEach(async () => {
  if (process.platform !== 'linux') return
  opened.length = 0
  acted.length = 0
  folder = mkdtempSync(join(tmpdir(), 'quarterdeck-bus-'))
  bus = await startSessionBus(folder)
  daemon = await startNotificationDaemon(bus.address)
  notifications = open()
})

afterEach(async () => {
  if (process.platform !== 'linux') return
  await notifications.dispose()
  daemon.stop()
  await bus.stop()
  rmSync(folder, { recursive: true, force: true })
})

onLinux('buttons are shown, the body is escaped, and a press and a click come back', async () => {
  expect(await notifications.show(asked())).toEqual({ shown: true, reason: null })
  const [shown] = daemon.shown
  expect(shown).toMatchObject({
    summary: 'bot failed on web-1',
    body: 'It exited &amp; &lt;b&gt;stays&lt;/b&gt; down',
    actions: ['default', 'Open', 'restart', 'Restart', 'acknowledge', 'Acknowledge'],
    urgency: 2,
  })
  daemon.click(shown?.id ?? 0, 'restart')
  daemon.click(shown?.id ?? 0)
  await expect.poll(() => [acted, opened]).toEqual([['incident/1 restart'], ['/incidents/1']])
})

onLinux('a button that is pressed at once, before the number is known here, counts', async () => {
  for (let round = 1; round <= 10; round++) {
    const pressed = daemon
      .waitFor(({ summary }) => summary === `round ${round}`)
      .then(({ id }) => daemon.click(id, 'restart'))
    await notifications.show(asked({ id: String(round), title: `round ${round}` }))
    await pressed
    await expect.poll(() => acted).toHaveLength(round)
  }
})

onLinux('newer news of the same id replaces what is shown, and not what was closed', async () => {
  await Promise.all([notifications.show(asked()), notifications.show(asked({ title: 'still down' }))])
  const [first, second] = daemon.shown
  expect(second).toMatchObject({ replaces: first?.id, id: first?.id, summary: 'still down' })
  daemon.dismiss(first?.id ?? 0)
  await notifications.show(asked({ id: 'other' }))
  await notifications.show(asked({ title: 'again' }))
  expect(daemon.shown.slice(2).map(({ replaces }) => replaces)).toEqual([0, 0])
})

onLinux('only the service that shows it may press a button, and only one that there is', async () => {
  await notifications.show(asked())
  const number = daemon.shown[0]?.id ?? 0
  const stranger = sessionBus({ busAddress: bus.address })
  await stranger.requestName('org.example.Stranger', 0)
  const path = '/org/freedesktop/Notifications'
  stranger.send(Message.newSignal(path, 'org.freedesktop.Notifications', 'ActionInvoked', 'us', [number, 'restart']))
  daemon.click(number, 'format-disk')
  daemon.click(number, 'acknowledge')
  await expect.poll(() => acted).toEqual(['incident/1 acknowledge'])
  stranger.disconnect()
})

onLinux('without a service or a bus it says why, and looks again with the next one', async () => {
  daemon.stop()
  await expect
    .poll(() => notifications.show(asked()))
    .toEqual({
      shown: false,
      reason: 'The desktop has no notification service',
    })
  daemon = await startNotificationDaemon(bus.address)
  expect(await notifications.show(asked())).toEqual({ shown: true, reason: null })
  const nowhere = open(`unix:path=${join(folder, 'nothing')}`)
  expect(await nowhere.show(asked())).toEqual({
    shown: false,
    reason: 'There is no desktop session to show it on',
  })
  await nowhere.dispose()
})

onLinux('what is still shown at the end is closed: its buttons would lead nowhere', async () => {
  await notifications.show(asked())
  await notifications.dispose()
  expect(daemon.closed).toEqual([daemon.shown[0]?.id])
})
