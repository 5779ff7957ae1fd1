// Reads what a host's control group has cost; must not know what ran there.

import { readFile } from 'node:fs/promises'
import type { Slot } from './slot.ts'

/** CPU time of everything that ever ran in the slot's guest, in milliseconds. */
export async function cpuMs(slot: Slot): Promise<number> {
  const old = await read(`/sys/fs/cgroup/cpuacct/quarterdeck-test/${slot.number}/cpuacct.usage`)
  if (old !== undefined) return Number(old) / 1e6
  const unified = await read(`/sys/fs/cgroup/quarterdeck-test/${slot.number}/cpu.stat`)
  const micros = /^usage_usec (\d+)/m.exec(unified ?? '')?.[1]
  if (micros === undefined) throw new Error('this machine keeps no account of CPU time per control group')
  return Number(micros) / 1000
}

const read = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined)
