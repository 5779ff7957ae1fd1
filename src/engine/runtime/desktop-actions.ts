// Does what a person asked for by a notification's button: restarts, acknowledges, and says so where it could not. Knows nothing of how buttons are shown.
import type { NativeNotification } from '../../shared/contract/native.ts'
import { AppError } from '../../shared/errors.ts'
import type { Incident } from '../../shared/model/incident.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Native } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { Actions } from './actions.ts'
import type { Alerting } from './alerting.ts'
import type { AuditLog } from './audit-log.ts'

export interface DesktopActionsOptions {
  readonly native: Pick<Native, 'onActed' | 'notify'>
  readonly store: Pick<Store, 'incidents'>
  readonly actions: Pick<Actions, 'run'>
  readonly alerting: Pick<Alerting, 'acknowledge'>
  readonly audit: Pick<AuditLog, 'record'>
  readonly log: Logger
}

const actor = 'person (notification)'

/** Listens until disposed. */
export function followDesktopActions(options: DesktopActionsOptions): Disposable {
  const log = options.log.child('desktop')
  return options.native.onActed(({ id, action }) => {
    const incident = id.startsWith('incident/') ? options.store.incidents.get(id.slice('incident/'.length)) : null
    log.info('button pressed', { id, action, known: incident !== null })
    if (!incident) return
    act(options, incident, action).catch((caught: unknown) => {
      const error = AppError.from(caught)
      log.warn('a button could not be obeyed', { id, action, code: error.code, error: error.message })
      tell(options, incident, action === 'restart' ? 'It was not restarted' : 'It was not acknowledged', error)
    })
  })
}

async function act(
  { actions, alerting, audit }: DesktopActionsOptions,
  incident: Incident,
  action: string,
): Promise<void> {
  const { id, hostId, unit, state, title } = incident
  if (action === 'acknowledge') {
    alerting.acknowledge(id, actor)
    audit.record({ actor, verb: 'incident.acknowledge', hostId, target: title })
    return
  }
  if (action !== 'restart' || unit === null) return
  // a press on what was shown before it was over must not interrupt what runs well
  if (state === 'resolved') throw new AppError('CONFLICT', 'It is over already, so nothing was done.')
  await actions.run({ hostId, ...unit }, 'restart', actor)
}

/** In place of the notification whose button was pressed. */
function tell({ native, log }: DesktopActionsOptions, incident: Incident, title: string, error: AppError): void {
  const notification: NativeNotification = {
    id: `incident/${incident.id}`,
    title: `${title}: ${incident.title}`.slice(0, 200),
    body: [error.message, error.hint]
      .filter(part => part)
      .join(' ')
      .slice(0, 2000),
    urgency: 'normal',
    route: `/incidents/${encodeURIComponent(incident.id)}`,
    actions: [],
  }
  native.notify(notification).catch(caught => log.warn('notification failed', { error: String(caught) }))
}
