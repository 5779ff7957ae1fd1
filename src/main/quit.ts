// The end of the app in good order, once, with a limit; a second request ends at once. Knows nothing of what is ended.

export interface QuitOptions {
  /** Has the last word before a request: false where the app is to stay. A signal is not held up by it. */
  readonly mayEnd?: () => Promise<boolean>
  /** Ends everything; expected to resolve within its own limits. */
  readonly end: () => Promise<void>
  /** Leaves the process. */
  readonly exit: (code: number) => void
  /** The last resort before an exit that did not wait: nothing of ours may stay behind. */
  readonly killAll: () => void
}

export interface Quit {
  readonly quitting: boolean
  /** Begins the end where nothing speaks against it, or does nothing where it has begun. */
  request(): void
  /** A signal: the first begins the end, the second does not wait for it. */
  signal(): void
}

export function createQuit({ mayEnd, end, exit, killAll }: QuitOptions): Quit {
  let quitting = false
  let left = false
  // Leaving takes Electron a moment, in which the orderly end may still come to its own conclusion.
  const leave = (code: number): void => {
    if (left) return
    left = true
    if (code !== 0) killAll()
    exit(code)
  }
  const begin = (): void => {
    if (quitting) return
    quitting = true
    end().then(
      () => leave(0),
      () => leave(1),
    )
  }
  return {
    get quitting() {
      return quitting
    },
    request() {
      if (quitting) return
      if (!mayEnd) begin()
      else
        mayEnd().then(
          may => (may ? begin() : undefined),
          () => begin(),
        )
    },
    signal() {
      if (quitting) leave(1)
      else begin()
    },
  }
}
