// Decides when a timer elapses next from its two clocks, as systemd itself does; knows nothing of where the times came from.

/** Wall ms of the next run; null for none. `monotonic` is ms since the host booted at wall ms `bootAt`. */
export function nextElapse(realtime: number | null, monotonic: number | null, bootAt: number | null): number | null {
  const converted = monotonic !== null && bootAt !== null ? bootAt + monotonic : null
  if (realtime === null) return converted
  return converted === null ? realtime : Math.min(realtime, converted)
}
