// Runs a person's own commands one after the other, each bounded in time, and stops at the first that fails; knows no command.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { errorText, evidenceOf } from '../lib/command-evidence.ts'
import { commandText } from '../parse/command-text.ts'
import { hostActionType, type StepResult } from './action.ts'

const Command = z.object({
  argv: z
    .array(z.string().max(4_096))
    .min(1, 'A command needs a program')
    .max(64)
    .refine(argv => (argv[0] ?? '') !== '' && !argv[0]?.startsWith('-'), 'A program does not begin with "-"')
    .refine(argv => argv.every(word => !word.includes('\0')), 'A command cannot hold a NUL character')
    .meta({ title: 'Command', description: 'The program and its arguments, one each. No shell reads them.' }),
  timeoutSeconds: z.number().int().min(1).max(3_600).default(60).meta({ title: 'Timeout in seconds' }),
  sudo: z.boolean().default(false).meta({ title: 'As root, by sudo' }),
})

export const runbook = hostActionType({
  type: 'runbook',
  scope: 'host',
  title: 'Run commands',
  description: 'Runs commands on the host in order and stops at the first that fails.',
  risk: 'confirm',
  mends: ['unit', 'health', 'resource', 'webhook', 'disk', 'login'],
  expects: 'running',
  spec: z.object({
    commands: z.array(Command).min(1, 'Add a command').max(20).meta({ title: 'Commands' }),
  }),
  plan: spec => ({
    title: `Run ${spec.commands.length === 1 ? 'a command' : `${spec.commands.length} commands`}`,
    commands: spec.commands.map(command => commandText(command.argv, command.sudo)),
    risk: 'confirm',
    consequence: 'These commands run without anybody looking on.',
  }),
  async run(context, spec): Promise<StepResult> {
    const evidence: Evidence[] = []
    for (const { argv, sudo, timeoutSeconds } of spec.commands) {
      const what = commandText(argv, sudo)
      try {
        const result = await context.exec(argv, { sudo, timeout: timeoutSeconds * 1_000, maxBytes: 65_536 })
        const one = evidenceOf(what, result)
        evidence.push(one)
        context.progress(evidence)
        if (result.lost) return { outcome: 'lost', evidence }
        if (!one.ok) return { outcome: 'failed', evidence }
      } catch (caught) {
        const error = AppError.from(caught)
        if (error.code === 'CANCELLED') throw error
        evidence.push({ ok: false, text: `${what}: ${errorText(error)}` })
        return { outcome: error.code === 'LINK_LOST' ? 'lost' : 'failed', evidence }
      }
    }
    return { outcome: 'done', evidence }
  },
})
