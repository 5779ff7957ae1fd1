// The end of the app in good order, once, with a limit; a second signal ends at once. Knows nothing of what is ended.

export interface QuitOptions {
  /** Has the last word before a request: false where the app is to stay. A signal is not held up by it. */
  readonly mayEnd?: () => Promise<boolean>
  /** Ends everything; expected to resolve within its own limits. Where a signal began it, others may have got that, too. */
  readonly end: (bySignal: boolean) => Promise<void>
  /** Leaves the process. */
  readonly exit: (code: number) => void
  /** The last resort before an exit that did not wait: nothing of ours may stay behind. */
  readonly killAll: () => void
}

export interface Quit {
  readonly quitting: boolean
  /** Begins the end where nothing speaks against it, or does nothing where it has begun. */
  request(): void
  /** The first begins the end where nobody has, the second does not wait for it. */
  signal(name: NodeJS.Signals): void
}

export function createQuit({ mayEnd, end, exit, killAll }: QuitOptions): Quit {
  let quitting = false
  let signalled = false
  let left = false
  // Leaving takes Electron a moment, in which the orderly end may still come to its own conclusion.
  const leave = (code: number): void => {
    if (left) return
    left = true
    if (code !== 0) killAll()
    exit(code)
  }
  const begin = (bySignal = false): void => {
    if (quitting) return
    quitting = true
    end(bySignal).then(
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
    signal(name) {
      // a log-out sends it along with SIGTERM: it is nobody's second word
      const counts = name !== 'SIGHUP'
      if (counts && signalled) leave(1)
      signalled ||= counts
      begin(true)
    },
  }
}
