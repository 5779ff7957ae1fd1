// What lies beside a login's file on a test host, and the moments of a renewal that are seen there; knows no engine and no cookie.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { RenewalRun } from '../../../src/shared/model/login.ts'
import type { TestHost } from '../lib/index.ts'

/** When a step began, as the engine tells it; or what is seen on the host's own disk: the new file begun, the old one copied, kept, replaced. */
export type At = RenewalRun['steps'][number]['step'] | 'begun' | 'copied' | 'kept' | 'replaced'
const onDisk: readonly At[] = ['begun', 'copied', 'kept', 'replaced']

export interface FileSeen {
  readonly stat: string
  readonly text: string
}

export class LoginFolder {
  readonly path: string
  readonly #host: TestHost
  readonly #folder: string
  readonly #file: string

  constructor(host: TestHost, folder: string, file: string) {
    this.path = `${folder}/${file}`
    this.#host = host
    this.#folder = folder
    this.#file = file
  }

  isOld(name: string): boolean {
    return name.startsWith(`.${this.#file}.quarterdeck-old-`)
  }

  /** The file and all that is named after it, once a writer that outlived its engine has come to its end by itself. */
  async look(): Promise<ReadonlyMap<string, FileSeen>> {
    await this.#host.exec('while pgrep -f "[q]uarterdeck-tmp" >/dev/null; do sleep 0.05; done', { timeoutMs: 60_000 })
    const script = `cd "$1"
      for f in .[!.]* *; do case $f in *"$2"*) stat -c '%U:%G %a %h %F' -- "$f"; base64 -w0 -- "$f"; echo; echo "$f";; esac; done`
    const lines = (await this.#host.output(['sh', '-c', script, 'sh', this.#folder, this.#file])).split('\n')
    const files = new Map<string, FileSeen>()
    for (let at = 0; at + 2 < lines.length; at += 3) {
      const [stat = '', content = '', name = ''] = lines.slice(at, at + 3)
      files.set(name, { stat, text: Buffer.from(content, 'base64').toString() })
    }
    return files
  }

  /** Did this unit start after the file came to be what it is? */
  async isOlderThan(unit: string): Promise<boolean> {
    const show = ['systemctl', 'show', '--value', '--timestamp=us+utc', '-p', 'ExecMainStartTimestamp', '--', unit]
    const [, date, time] = (await this.#host.output(show)).split(' ')
    const changed = Number(await this.#host.output(['stat', '-c', '%.6Z', this.path]))
    return Date.parse(`${date}T${time}Z`) >= Math.floor(changed * 1_000)
  }

  /**
   * Resolves at that moment of a renewal, of its roll-back where `rollsBack`, or at its end. Looks at the disk from outside: to ask the guest
   * takes longer than a step.
   */
  async watch(at: At, rollsBack: boolean, run: () => RenewalRun | null): Promise<void> {
    const disk = join(this.#host.slot.folder, 'root', this.#folder)
    const names = () => readdirSync(disk).filter(name => name.includes(`${this.#file}.quarterdeck-`))
    const inode = () => statSync(join(disk, this.#file)).ino
    const olds = names().filter(name => this.isOld(name))
    let before = inode()
    const seen = (): boolean => {
      if (at === 'begun') return names().some(name => !this.isOld(name))
      if (at === 'copied') return names().some(name => name.endsWith('-old'))
      if (at === 'kept') return names().some(name => this.isOld(name) && !olds.includes(name))
      return inode() !== before
    }
    let ready = !rollsBack
    for (const until = Date.now() + 120_000; Date.now() < until; ) {
      const { steps = [], finishedAt = null } = run() ?? {}
      if (finishedAt !== null) return
      if (!onDisk.includes(at)) {
        if (steps.some(({ step }) => step === at)) return
      } else if (ready) {
        if (seen()) return
      } else if (steps.some(({ step }) => step === 'roll-back')) {
        before = inode()
        ready = true
      }
      await new Promise(resolve => setTimeout(resolve, 1))
    }
  }
}
