// What one look at a Linux host's /proc yields, as counters and levels; knows nothing of how the numbers travelled.

/** Counters grow until the host restarts; levels are of this moment. */
export interface ProcLook {
  /** Seconds since the host started, the time base of all rates. */
  readonly uptime: number
  readonly load: readonly [number, number, number]
  readonly memory: { readonly totalKb: number; readonly availableKb: number }
  readonly swap: { readonly totalKb: number; readonly freeKb: number }
  /** Clock ticks. */
  readonly cpu: { readonly busy: number; readonly total: number }
  /** Busy clock ticks by core. */
  readonly cores: ReadonlyMap<string, number>
  /** Bytes by network interface. */
  readonly net: ReadonlyMap<string, { readonly rx: number; readonly tx: number }>
  /** Sectors of 512 bytes by whole disk. */
  readonly disks: ReadonlyMap<string, { readonly read: number; readonly written: number }>
  /** By the key under which a unit is watched. */
  readonly units: ReadonlyMap<string, UnitLook>
}

/**
 * A watched unit. `absent`: it has no control group, so it does not run (or runs elsewhere); `unreadable`: its processes are hidden from
 * this user.
 */
export type UnitLook =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly processes: number }
  | { readonly kind: 'running'; readonly cpuMs: number; readonly memoryBytes: number; readonly processes: number }

/**
 * Interfaces that say nothing of a host's own traffic: loopback, and one end of each container's cable. (The patterns are read by awk as
 * well, and old ones count no repetitions.)
 */
export const skippedInterface = /^(lo$|(veth|cali|lxc)[0-9a-f][0-9a-f][0-9a-f][0-9a-f]|ifb[0-9])/

/** Block devices that lie on top of others or in memory, or have no lasting contents. */
export const skippedDisk = /^(loop|ram|zram|dm-|md|sr|fd)[0-9]/

/** A host with more interfaces, disks or cores than this shows the first ones. */
export const maxNames = 1024
