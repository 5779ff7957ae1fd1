// A button of a notification does what it says, once, in the person's name; what cannot be done is said where it was pressed.
import { expect, test } from 'vitest'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { type DesktopActionsOptions, followDesktopActions } from '../../../../src/engine/runtime/desktop-actions.ts'
import { NativeNotification } from '../../../../src/shared/contract/native.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import type { Incident } from '../../../../src/shared/model/incident.ts'
import { openIncident } from './telegram-world.ts'

function setUp(incident: Incident | null, refuse: AppError | null = null) {
  const done: string[] = []
  const shown: NativeNotification[] = []
  let press: (acted: { id: string; action: string }) => void = () => {}
  const options = {
    native: {
      onActed: (listener: typeof press) => {
        press = listener
        return { dispose: () => done.push('disposed') }
      },
      notify: async (notification: NativeNotification) => {
        shown.push(NativeNotification.parse(notification))
        return { shown: true, reason: null }
      },
    },
    store: { incidents: { get: (id: string) => (id === incident?.id ? incident : null) } },
    actions: {
      run: async (ref: object, verb: string, actor: string) => {
        if (refuse) throw refuse
        done.push(`${verb} ${JSON.stringify(ref)} by ${actor}`)
      },
    },
    alerting: { acknowledge: (id: string, actor: string) => done.push(`acknowledge ${id} by ${actor}`) },
    audit: { record: ({ verb, target }: { verb: string; target: string }) => done.push(`audit ${verb} ${target}`) },
    log: silentLogger,
  } as unknown as DesktopActionsOptions
  const following = followDesktopActions(options)
  return { done, shown, press: (action: string, id = 'incident/inc-1') => press({ id, action }), following }
}

test('Restart restarts the incident’s service', async () => {
  const { done, press, shown } = setUp(openIncident())
  press('restart')
  const ref = JSON.stringify({ hostId: 'web-1', scope: 'system', name: 'bot.service' })
  expect(done).toEqual([`restart ${ref} by person (notification)`])
  expect(shown).toEqual([])
})

test('Acknowledge acknowledges, and is in the audit log', () => {
  const { done, press } = setUp(openIncident())
  press('acknowledge')
  expect(done).toEqual(['acknowledge inc-1 by person (notification)', 'audit incident.acknowledge bot failed on web-1'])
})

test('a press on what is over by now interrupts nothing, and that is said', async () => {
  const { done, press, shown } = setUp(openIncident({ state: 'resolved' }))
  press('restart')
  await expect.poll(() => shown).toHaveLength(1)
  expect(shown[0]).toMatchObject({
    id: 'incident/inc-1',
    title: 'It was not restarted: bot failed on web-1',
    body: 'It is over already, so nothing was done.',
    route: '/incidents/inc-1',
  })
  expect(done).toEqual([])
})

test('what the host refused is said with what to do', async () => {
  const refused = new AppError('NOT_CONNECTED', 'web-1 is not connected', { hint: 'Reconnect it.' })
  const { press, shown } = setUp(openIncident(), refused)
  press('restart')
  await expect.poll(() => shown[0]?.body).toBe('web-1 is not connected Reconnect it.')
})

test('what belongs to no incident, no service or no button does nothing', () => {
  const { done, press, following } = setUp(openIncident({ unit: null }))
  press('restart')
  press('restart', 'incident/other')
  press('restart', 'host/web-1')
  press('format-disk')
  expect(done).toEqual([])
  following.dispose()
  expect(done).toEqual(['disposed'])
})
