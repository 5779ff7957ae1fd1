// Finds every process that belongs to one run of the app, however it was started, by the folder it was given; looks only at /proc.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface RunningProcess {
  readonly pid: number
  readonly parent: number
  readonly argv: readonly string[]
}

/**
 * All living processes of the app that keeps its files in this folder. The engine has it in its environment; Chromium's own processes
 * write over theirs, but carry the folder on their command line or descend from one that belongs.
 */
export function processesOf(home: string, mainPid?: number): RunningProcess[] {
  const living = allProcesses()
  const ours = new Set<number>(mainPid === undefined ? [] : [mainPid])
  for (const { pid, argv } of living) {
    const named = argv.some(text => text.includes(`${home}/`) || text.endsWith(home))
    if (named || read(`/proc/${pid}/environ`).split('\0').includes(`QUARTERDECK_HOME=${home}`)) ours.add(pid)
  }
  for (let grew = true; grew; ) {
    const before = ours.size
    for (const { pid, parent } of living) if (ours.has(parent)) ours.add(pid)
    grew = ours.size > before
  }
  return living.filter(({ pid }) => ours.has(pid))
}

function allProcesses(): RunningProcess[] {
  const living: RunningProcess[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    const stat = read(`/proc/${name}/stat`)
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // The dead stay in the list until somebody collects them.
    if (!state || state === 'Z' || state === 'X' || !parent) continue
    const argv = read(`/proc/${name}/cmdline`).split('\0').slice(0, -1)
    living.push({ pid: Number(name), parent: Number(parent), argv })
  }
  return living
}

/** The engine's process, in whichever way it runs. */
export function engineOf(home: string, mainPid?: number): RunningProcess | undefined {
  // Chromium joins its own processes' arguments into one.
  return processesOf(home, mainPid).find(({ argv }) =>
    /out\/engine\/index\.cjs|node\.mojom\.NodeService/.test(argv.join(' ')),
  )
}

/** Waits until none is left; the rest, if any, after `limit` ms. */
export async function leftoversOf(home: string, mainPid?: number, limit = 5000): Promise<RunningProcess[]> {
  const deadline = Date.now() + limit
  for (;;) {
    const left = processesOf(home, mainPid)
    if (left.length === 0 || Date.now() > deadline) return left
    await sleep(50)
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
