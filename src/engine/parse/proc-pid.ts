// Reads /proc/PID/stat and sums a unit's processes over time, across exits and reused PIDs; pure, knows nothing of control groups.

export interface PidStat {
  readonly pid: number
  /** Ticks of this process. */
  readonly own: number
  /** Ticks of its children that it has waited for. */
  readonly children: number
  /** Ticks after the host's start; with the PID it names a process for good. */
  readonly started: number
  readonly rssPages: number
}

/** One line of /proc/PID/stat, or null where it is not one. The name in parentheses may hold anything, also `) `. */
export function parsePidStat(line: string): PidStat | null {
  const close = line.lastIndexOf(')')
  if (close < 0) return null
  const pid = Number.parseInt(line, 10)
  const f = line.slice(close + 2).split(' ')
  const at = (field: number): number => Number(f[field - 3])
  const stat = {
    pid,
    own: at(14) + at(15),
    children: at(16) + at(17),
    started: at(22),
    rssPages: Math.max(0, at(24)),
  }
  return Object.values(stat).every(Number.isFinite) ? stat : null
}

/**
 * CPU time of a set of processes as a counter that never falls. A child's time moves to the parent that waits for it, so the sum over all
 * is kept when children exit; where it falls nevertheless (a process left without being waited for) the time of those that are still
 * there counts. Both are lower bounds, so the larger is right, unless it is more than the machine could do: then somebody waited for a child
 * of another unit (as sshd does for sessions), and that child's life is no use of this unit.
 */
export class ProcessSum {
  #known = new Map<string, number>()
  #sum = 0
  #ticks = 0
  #first = true

  /** Takes the processes of this moment and answers the counter; `limit` is what the machine could do since the last time, in ticks. */
  next(stats: readonly PidStat[], limit: number): number {
    const now = new Map<string, number>()
    let sum = 0
    let grown = 0
    for (const stat of stats) {
      const key = `${stat.pid}:${stat.started}`
      now.set(key, stat.own)
      sum += stat.own + stat.children
      grown += Math.max(0, stat.own - (this.#known.get(key) ?? 0))
    }
    const gained = sum - this.#sum
    if (!this.#first) this.#ticks += gained > grown && gained - grown <= limit ? gained : grown
    this.#first = false
    this.#known = now
    this.#sum = sum
    return this.#ticks
  }
}
