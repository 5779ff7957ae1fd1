// The end of the app in good order, once, with a limit; a second request ends at once. Knows nothing of what is ended.

export interface QuitOptions {
  /** Ends everything; expected to resolve within its own limits. */
  readonly end: () => Promise<void>
  /** Leaves the process. */
  readonly exit: (code: number) => void
  /** The last resort before an exit that did not wait: nothing of ours may stay behind. */
  readonly killAll: () => void
}

export interface Quit {
  readonly quitting: boolean
  /** Begins the end, or does nothing where it has begun. */
  request(): void
  /** A signal: the first begins the end, the second does not wait for it. */
  signal(): void
}

export function createQuit({ end, exit, killAll }: QuitOptions): Quit {
  let quitting = false
  let left = false
  // Leaving takes Electron a moment, in which the orderly end may still come to its own conclusion.
  const leave = (code: number): void => {
    if (left) return
    left = true
    if (code !== 0) killAll()
    exit(code)
  }
  const request = (): void => {
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
    request,
    signal() {
      if (quitting) leave(1)
      else request()
    },
  }
}
