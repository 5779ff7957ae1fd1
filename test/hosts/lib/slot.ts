// Gives each host of this machine a number that no other process has, and takes it back however this process ends; must not know what a host is.

import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { reapScript, runDir } from './paths.ts'
import { run } from './run.ts'

/** A /30 of 10.77.0.0/16 each. */
const slotCount = 16384

/** One host's place: its number, folder, names and addresses. */
export interface Slot {
  readonly number: number
  readonly folder: string
  readonly netns: string
  /** The outer end of the veth pair. */
  readonly link: string
  readonly subnet: string
  /** The address of the outer end: where a guest reaches this process. */
  readonly gateway: string
  readonly address: string
}

const live = new Set<number>()
let prepared: Promise<void> | undefined
let drafts = 0

/** When this process began, in clock ticks: with the pid it names a process for good. */
function startTime(): string {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

/** Takes a free number. Before the first one, what killed runs left behind is cleaned. */
export async function claimSlot(): Promise<Slot> {
  prepared ??= prepare()
  await prepared
  // Its name says whose it is, because others may look before the owner file is there.
  const draft = path.join(runDir, `.new-${process.pid}-${startTime()}-${drafts++}`)
  await mkdir(draft, { recursive: true })
  await writeFile(path.join(draft, 'owner'), `${process.pid} ${startTime()} ${new Date().toISOString()}\n`)
  // Starting at a spot of our own keeps processes that start together from meeting at each number.
  const first = (process.pid * 64) % slotCount
  for (let i = 0; i < slotCount; i++) {
    const number = (first + i) % slotCount
    const folder = path.join(runDir, String(number))
    try {
      // Renaming onto a folder that has an owner file fails: claim and ownership are one step.
      await rename(draft, folder)
    } catch {
      continue
    }
    live.add(number)
    return slotAt(number, folder)
  }
  await rm(draft, { recursive: true })
  throw new Error(`all ${slotCount} test host numbers are taken; see ${runDir}`)
}

/** Undoes whatever was built in the slot: processes, mounts, links, folders. */
export async function releaseSlot(slot: Slot): Promise<void> {
  if (!live.has(slot.number)) return
  await run(['sh', reapScript, 'slot', String(slot.number)])
  live.delete(slot.number)
}

function slotAt(number: number, folder: string): Slot {
  const base = number * 4
  const at = (offset: number) => `10.77.${Math.floor(base / 256)}.${(base % 256) + offset}`
  return {
    number,
    folder,
    netns: `qdt-${number}`,
    link: `qdt${number}`,
    subnet: `${at(0)}/30`,
    gateway: at(1),
    address: at(2),
  }
}

async function prepare(): Promise<void> {
  await mkdir(runDir, { recursive: true })
  await run(['sh', reapScript, 'stale'])
  // Cleans up after us when we are killed: it sees its stdin end, whatever ended us.
  const watcher = spawn('sh', [reapScript, 'watch', String(process.pid), startTime()], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  if (watcher.stdin && 'unref' in watcher.stdin && typeof watcher.stdin.unref === 'function') watcher.stdin.unref()
  process.on('exit', releaseAllNow)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
}

function releaseAllNow(): void {
  for (const number of live) spawnSync('sh', [reapScript, 'slot', String(number)], { stdio: 'inherit' })
  live.clear()
}

function onSignal(signal: NodeJS.Signals): void {
  releaseAllNow()
  process.off(signal, onSignal)
  // Somebody else's handler decides about the process; without one the signal does what it would have done.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
}
