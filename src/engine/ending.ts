// The end of the engine's process, once and in good order, whoever asks for it; a second signal ends it at once. Knows nothing of what is ended.

export interface EndingOptions {
  /** Brings everything to its end, within that time where it is given. */
  readonly end: (why: string, graceMs?: number) => Promise<void>
  /** Leaves the process. */
  readonly exit: () => void
  /** So long an end that a signal begins may take: nobody said how long. */
  readonly signalGraceMs: number
}

export interface Ending {
  /** Begins the end, or leaves the one that has begun alone: at a log-out the shell asks for what its own signal has begun here. */
  request(why: string, graceMs?: number): void
  /** The first one begins the end, or leaves the one that has begun alone; the second does not wait for it. */
  signal(name: NodeJS.Signals): void
}

export function createEnding({ end, exit, signalGraceMs }: EndingOptions): Ending {
  let begun = false
  let signalled = false
  const request = (why: string, graceMs?: number): void => {
    if (begun) return
    begun = true
    void end(why, graceMs).then(exit)
  }
  return {
    request,
    signal(name) {
      // a log-out sends it along with SIGTERM: it is nobody's second word
      const counts = name !== 'SIGHUP'
      if (counts && signalled) exit()
      signalled ||= counts
      request(name, signalGraceMs)
    },
  }
}
