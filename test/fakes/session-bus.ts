// A D-Bus session bus of the test's own: nothing of the machine's desktop is on it, and nothing is started by asking for it.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface SessionBus {
  readonly address: string
  stop(): Promise<void>
}

// No service directories: what is not put on this bus by a test is not there.
const config = (
  folder: string,
): string => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

/** Starts dbus-daemon with its socket in `folder`. */
export async function startSessionBus(folder: string): Promise<SessionBus> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'bus.conf')
  writeFileSync(file, config(folder))
  const daemon = spawn('dbus-daemon', [`--config-file=${file}`, '--nofork', '--print-address=1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  endWithProcess(daemon)
  const address = await firstLine(daemon, 'dbus-daemon')
  return { address, stop: () => stopProcess(daemon) }
}

/** The first line a program prints; rejects when it ends before. */
export function firstLine(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const end = text.indexOf('\n')
      if (end >= 0) resolve(text.slice(0, end).trim())
    })
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`${name} ended at once (code ${code})`)))
  })
}

/** Ends it with this process, also where a test run is broken off. */
export function endWithProcess(child: ChildProcess): void {
  const end = (): void => void child.kill('SIGTERM')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
}

/** Ends a process that was started here and waits for its end. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000)
  await ended
  clearTimeout(timer)
}
