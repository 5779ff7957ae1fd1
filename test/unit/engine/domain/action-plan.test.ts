// Proves what a click will run and what it warns of.
import { expect, it } from 'vitest'
import { planAction } from '../../../../src/engine/domain/action-plan.ts'

const bot = { scope: 'system', name: 'bot.service', hostName: 'web-1' } as const

it('S35 puts -- before the operand and asks sudo only where it is needed', () => {
  expect(planAction(bot, 'restart', 'sudo').argv).toEqual(['sudo', 'systemctl', 'restart', '--', 'bot.service'])
  expect(planAction(bot, 'restart', 'root').argv).toEqual(['systemctl', 'restart', '--', 'bot.service'])
  expect(planAction({ ...bot, scope: 'user' }, 'stop', 'sudo').argv).toEqual([
    'systemctl',
    '--user',
    'stop',
    '--',
    'bot.service',
  ])
})

it('shows the command as a person would type it, quoted where a shell needs it', () => {
  expect(planAction({ ...bot, name: 'dev-disk\\x2dby.service' }, 'restart', 'root').command).toBe(
    "systemctl restart 'dev-disk\\x2dby.service'",
  )
})

it('asks before what can hurt, in words, and restarts at once', () => {
  expect(planAction(bot, 'restart', 'sudo')).toMatchObject({ risk: 'safe', consequence: null })
  for (const verb of ['stop', 'disable', 'mask'] as const)
    expect(planAction(bot, verb, 'sudo')).toMatchObject({
      risk: 'confirm',
      consequence: expect.stringContaining('web-1'),
    })
})

it('warns of cutting the branch it sits on', () => {
  const plan = planAction({ ...bot, name: 'ssh.service' }, 'restart', 'sudo')
  expect(plan).toMatchObject({ risk: 'confirm', consequence: expect.stringContaining('lock yourself out') })
})
