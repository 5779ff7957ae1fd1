// What this computer is where it has no systemd: macOS, Windows, or Linux under another init; knows nothing of links.
import { availableParallelism, hostname, release } from 'node:os'
import type { HostFacts } from '../../shared/model/host.ts'

/** Facts without services and journal; never rejects, what cannot be learnt is null. */
export async function localFacts(): Promise<HostFacts> {
  const { default: si } = await import('systeminformation')
  const [os, ids] = await Promise.all([si.osInfo().catch(() => null), si.uuid().catch(() => null)])
  const name = [os?.distro, os?.release].filter(Boolean).join(' ')
  return {
    os: name === '' ? process.platform : name,
    kernel: os?.kernel || release(),
    hostname: hostname(),
    machineId: ids?.os || null,
    bootId: null,
    uid: process.getuid?.() ?? null,
    cpus: availableParallelism(),
    systemdVersion: null,
    unitSource: 'none',
    journal: { readable: false, missingGroups: [] },
    rights: process.getuid?.() === 0 ? 'root' : 'none',
  }
}
