// What every way of showing notifications takes and answers; knows none of them.
import type { NativeNotification } from '../shared/contract/native.ts'
import type { Log } from './log.ts'

export interface ShowResult {
  readonly shown: boolean
  /** Why it was not shown. */
  readonly reason: string | null
}

export interface Notifications {
  show(notification: NativeNotification): Promise<ShowResult>
  /** Takes back what is still shown, within half a second: its buttons would lead nowhere. */
  dispose(): Promise<void>
}

export interface NotificationCallbacks {
  /** A notification was clicked, or its Open pressed. */
  readonly open: (route: string) => void
  /** Another of its buttons was pressed. */
  readonly acted: (notification: NativeNotification, action: string) => void
}

export interface NotificationOptions extends NotificationCallbacks {
  readonly icon: string
  readonly log: Log
}
