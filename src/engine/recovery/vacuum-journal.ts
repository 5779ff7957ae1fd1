// Makes room by shortening the system journal; knows nothing of what fills the disk.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import { errorText, evidenceOf } from '../lib/command-evidence.ts'
import { commandText } from '../parse/command-text.ts'
import { hostActionType, type StepResult } from './action.ts'

const argvOf = (spec: { keepMegabytes: number }): string[] => ['journalctl', `--vacuum-size=${spec.keepMegabytes}M`]

export const vacuumJournal = hostActionType({
  type: 'vacuum-journal',
  scope: 'host',
  title: 'Shorten the journal',
  description: 'Removes the oldest archived journal files of the host until no more than so much is left.',
  risk: 'confirm',
  mends: ['disk'],
  expects: 'checks',
  spec: z.object({
    keepMegabytes: z.number().int().min(16).max(1_000_000).default(500).meta({ title: 'Megabytes to keep' }),
  }),
  plan: spec => ({
    title: 'Shorten the journal',
    commands: [commandText(argvOf(spec), true)],
    risk: 'confirm',
    consequence: `The oldest journal entries of the host are removed until ${spec.keepMegabytes} MB are left.`,
  }),
  async preview(context): Promise<StepResult> {
    const result = await context.exec(['journalctl', '--disk-usage'], { timeout: 30_000, maxBytes: 4_096 })
    const evidence = evidenceOf('journalctl --disk-usage', result)
    return { outcome: evidence.ok ? 'done' : 'failed', evidence: [evidence] }
  },
  async run(context, spec): Promise<StepResult> {
    const argv = argvOf(spec)
    try {
      const result = await context.exec(argv, { sudo: true, timeout: 300_000, maxBytes: 65_536 })
      const evidence = evidenceOf(commandText(argv, true), result)
      return { outcome: result.lost ? 'lost' : evidence.ok ? 'done' : 'failed', evidence: [evidence] }
    } catch (caught) {
      const error = AppError.from(caught)
      if (error.code === 'CANCELLED') throw error
      const evidence = [{ ok: false, text: `${commandText(argv, true)}: ${errorText(error)}` }]
      return { outcome: error.code === 'LINK_LOST' ? 'lost' : 'failed', evidence }
    }
  },
})
