// What a message that did not get through comes to; shared by the ways to send and knows none of them.

/** `retry` false is for what trying again cannot mend (a wrong token, a chat that is gone). */
export interface SendFailure {
  readonly ok: false
  readonly retry: boolean
  readonly retryAfterMs: number | null
  readonly message: string
}

/** Nothing but a change by a person mends it. */
export const permanent = (message: string): SendFailure => ({ ok: false, retry: false, retryAfterMs: null, message })

/** It may pass. */
export const passing = (message: string, retryAfterMs: number | null = null): SendFailure => ({
  ok: false,
  retry: true,
  retryAfterMs,
  message,
})
