// Runs a command on the host and judges its exit code and output; knows no shell.
import { RE2JS } from 're2js'
import { z } from 'zod'
import { answerFacts, numbersAt, readCondition } from '../parse/answer-facts.ts'
import { evaluateCondition } from '../parse/condition-result.ts'
import { durationText } from '../parse/duration.ts'
import {
  checkType,
  commandTrouble,
  conditionLine,
  failedConditions,
  lastLine,
  numberField,
  type ProbeResult,
  patternField,
  unknownBecause,
} from './check.ts'

const mostOutput = 1024 * 1024

export const commandSpec = z.object({
  argv: z
    .array(
      z
        .string()
        .max(8192)
        .regex(/^[^\0]*$/, 'A command cannot hold a NUL character'),
    )
    .min(1, 'A command is wanted')
    .max(64)
    .refine(([program = '']) => program !== '' && !program.startsWith('-'), 'The first line is the program')
    .meta({
      title: 'Command',
      description: 'One argument per line; no shell reads it.',
      placeholder: '/usr/local/bin/check-bot',
    }),
  asRoot: z.boolean().default(false).meta({ title: 'Run as root', description: 'By sudo.' }),
  expectedExit: z.number().int().min(0).max(255).default(0).meta({ title: 'Expected exit code' }),
  degradedExit: z
    .number()
    .int()
    .min(0)
    .max(255)
    .nullable()
    .default(null)
    .meta({ title: 'Exit code for degraded', description: 'Many checks end with 1 for a warning.' }),
  output: patternField
    .nullable()
    .default(null)
    .meta({ title: 'Output matches', description: 'A regular expression (RE2) that the output must match.' }),
  conditions: z.array(conditionLine).max(32).default([]).meta({
    title: 'Conditions',
    description: '[BODY] is the output, as JSON where a path follows: [BODY].queue < 10. One per line.',
  }),
  numbers: z.array(numberField).max(32).default([]).meta({
    title: 'Numbers to keep',
    description: 'Numbers in the output’s JSON that are recorded and drawn as charts.',
  }),
})

export const command = checkType({
  type: 'command',
  title: 'Command',
  description: 'A command on the host ends as expected, with the expected output.',
  spec: commandSpec,
  vantages: ['host'],
  needsUnit: false,
  addable: true,
  mode: 'probe',
  defaults: {
    intervalSeconds: 60,
    timeoutSeconds: 30,
    failureThreshold: 3,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
  },
  async probe(context, spec): Promise<ProbeResult> {
    const { clock, signal, memory, vantage } = context
    const started = clock.monotonic()
    const result = await context
      .exec(spec.argv, { sudo: spec.asRoot, maxBytes: mostOutput, timeout: 300_000 })
      .catch(caught => caught as Error)
    const latencyMs = clock.monotonic() - started
    if (signal.aborted) return bad(`It did not end within ${durationText(latencyMs)}`, null)
    if (result instanceof Error) return unknownBecause(result)
    const trouble = commandTrouble(result)
    if (trouble !== null) return trouble
    const { exit, stdout, stderr } = result
    const said = lastLine(stderr)
    const more = said === '' ? '' : `: ${said}`
    if (result.signal !== null) return bad(`It was ended by ${result.signal}${more}`, latencyMs)
    if (exit === 127 && spec.expectedExit !== 127)
      return bad(`exit (127) == ${spec.expectedExit}, the program was not found${more}`, latencyMs)
    const text = (): string => Buffer.from(stdout).toString('utf8')
    const conditions = spec.conditions.map(readCondition)
    const facts = answerFacts(
      { status: exit ?? 0, responseMs: latencyMs, text, truncated: result.truncated },
      { now: clock.now(), monotonic: clock.monotonic(), memory, vantage },
      conditions,
    )
    const numbers = numbersAt(spec.numbers, facts)
    if (exit === spec.degradedExit && exit !== spec.expectedExit)
      return {
        status: 'degraded',
        message: `exit (${exit})${more || `: ${lastLine(stdout)}`}`,
        cause: 'health',
        latencyMs,
        numbers,
      }
    if (exit !== spec.expectedExit)
      return { ...bad(`exit (${exit}) == ${spec.expectedExit}${more}`, latencyMs), numbers }
    if (spec.output !== null && !RE2JS.compile(spec.output).matcher(text()).find())
      return { ...bad(`The output (${lastLine(stdout) || 'empty'}) does not match ${spec.output}`, latencyMs), numbers }
    const failed = conditions.map(one => evaluateCondition(one, facts)).filter(({ outcome }) => outcome === 'failed')
    if (failed.length > 0) return { ...bad(failedConditions(failed), latencyMs), numbers }
    return {
      status: 'healthy',
      message: `exit (${exit}) in ${durationText(latencyMs)}`,
      cause: null,
      latencyMs,
      numbers,
    }
  },
})

const bad = (message: string, latencyMs: number | null): ProbeResult => ({
  status: 'unhealthy',
  message,
  cause: 'health',
  latencyMs,
})
