// The demo's answers about recovery rules and drop-ins. Knows nothing of ports. Never part of the app.
import type { EngineContract } from '../../../src/shared/contract/engine.ts'
import { AppError } from '../../../src/shared/errors.ts'
import type {
  DropInReview,
  DropInSettings,
  RecoveryStep,
  RecoveryView,
  StepPlan,
} from '../../../src/shared/model/recovery.ts'
import type { UnitRef } from '../../../src/shared/model/unit.ts'
import type { Handlers, Server } from '../../../src/shared/rpc/server.ts'
import { complete } from './complete.ts'
import { recoveryKinds } from './kinds.ts'
import { defaultPolicy, idleView } from './recovery-made.ts'
import { keyOf, type World } from './world.ts'

type RecoveryCalls = Pick<
  Handlers<EngineContract>,
  | 'recovery.kinds'
  | 'recovery.list'
  | 'recovery.get'
  | 'recovery.set'
  | 'recovery.remove'
  | 'recovery.attempts'
  | 'recovery.plan'
  | 'recovery.dryRun'
  | 'dropin.review'
  | 'dropin.apply'
  | 'dropin.undo'
>

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const hour = 3_600_000

export function recoveryHandlers(world: World, emit: Server<EngineContract>['emit']): RecoveryCalls {
  for (const [key, view] of world.recoveries) {
    const steps = view.policy.steps.map(step => complete(recoveryKinds, step))
    world.recoveries.set(key, { ...view, policy: { ...view.policy, steps } })
  }
  const viewOf = (unit: UnitRef): RecoveryView => world.recoveries.get(keyOf(unit)) ?? idleView(defaultPolicy(unit))
  const review = (unit: UnitRef, settings: DropInSettings | null): DropInReview => {
    const before = world.dropIns.get(keyOf(unit))?.now ?? null
    const after = settings === null ? null : textOf(settings)
    const path = `/etc/systemd/system/${unit.name}.d/50-quarterdeck.conf`
    const lines = (text: string | null, sign: string): string[] =>
      (text ?? '')
        .split('\n')
        .filter(Boolean)
        .map(line => sign + line)
    return {
      path,
      before,
      after,
      diff: [
        `--- ${before === null ? '/dev/null' : path}`,
        `+++ ${after === null ? '/dev/null' : path}`,
        ...lines(before, '-'),
        ...lines(after, '+'),
      ].join('\n'),
      warnings: settings?.restartSteps ? ['RestartSteps needs systemd 254; this host has 252, which ignores it.'] : [],
      commands: [`sudo install -m 0644 /dev/stdin ${path}`, 'sudo systemctl daemon-reload'],
    }
  }
  return {
    'recovery.kinds': () => [...recoveryKinds],
    'recovery.list': ({ hostId }) =>
      [...world.recoveries.values()].filter(view => hostId === null || view.policy.hostId === hostId),
    'recovery.get': viewOf,
    'recovery.set': async ({ policy }) => {
      await wait(150)
      const old = viewOf(policy)
      const view = old.phase === 'idle' ? idleView(policy) : { ...old, policy }
      world.recoveries.set(keyOf(policy), view)
      emit('recovery.changed', view)
      return view
    },
    'recovery.remove': unit => {
      world.recoveries.delete(keyOf(unit))
      emit('recovery.changed', idleView(defaultPolicy(unit)))
    },
    'recovery.attempts': ({ limit, ...unit }) => (world.attempts.get(keyOf(unit)) ?? []).slice(0, limit),
    'recovery.plan': ({ steps, ...unit }) => steps.map(step => planOf(step, unit)),
    'recovery.dryRun': async policy => {
      await wait(400)
      const now = Date.now()
      const item = (hours: number, act: 'restart' | 'wait' | 'refuse' | 'escalate', text: string, incident = 1) => ({
        at: now - hours * hour,
        incidentId: `inc-past-${incident}`,
        act,
        text,
      })
      return [
        item(9, 'restart', `Attempt 1: restart ${policy.name} after 5 s`),
        item(8.99, 'wait', 'systemd itself was restarting it (auto-restart)'),
        item(30, 'restart', `Attempt 1: restart ${policy.name} after 5 s`, 2),
        item(52, 'refuse', 'A person had stopped it', 3),
        item(101, 'escalate', 'The start limit was hit', 4),
      ].sort((a, b) => a.at - b.at)
    },
    'dropin.review': ({ settings, ...unit }) => review(unit, settings),
    'dropin.apply': async ({ settings, before, ...unit }) => {
      await wait(500)
      const now = world.dropIns.get(keyOf(unit))?.now ?? null
      if (now !== before)
        throw new AppError('CONFLICT', 'The file on the host has changed meanwhile', { hint: 'Look at it again.' })
      world.dropIns.set(keyOf(unit), { now: settings === null ? null : textOf(settings), before: now })
      return { backup: now === null ? null : '/var/backups/quarterdeck/50-quarterdeck.conf.1' }
    },
    'dropin.undo': unit => {
      const known = world.dropIns.get(keyOf(unit))
      world.dropIns.set(keyOf(unit), { now: known?.before ?? null, before: known?.now ?? null })
    },
  }
}

function planOf(step: RecoveryStep, unit: UnitRef): StepPlan {
  const kind = recoveryKinds.find(each => each.type === step.type)
  const commands: Record<string, string[]> = {
    'restart-unit': [`sudo systemctl restart -- ${unit.name}`],
    'http-call': [`${String(step.spec.method ?? 'POST')} ${String(step.spec.url ?? '')}`],
    'telegram-webhook': [
      'POST deleteWebhook drop_pending_updates=true',
      `POST setWebhook url=${String(step.spec.url ?? '')}`,
      'POST getWebhookInfo',
    ],
    runbook: commandsOf(step.spec.commands),
    'delete-old-logs': [
      `find ${String(step.spec.folders ?? '')} -name '${String(step.spec.pattern ?? '')}' -mtime +${String(step.spec.olderThanDays ?? 30)} -delete`,
    ],
    'vacuum-journal': [`sudo journalctl --vacuum-size=${String(step.spec.keepMegabytes ?? 500)}M`],
    'deactivate-unit': [`sudo systemctl disable --now -- ${unit.name}`],
  }
  return {
    title: kind?.title ?? step.type,
    commands: commands[step.type] ?? [JSON.stringify(step.spec)],
    risk: kind?.risk ?? 'confirm',
    consequence: kind?.risk === 'safe' ? null : 'It changes something on the host that is not put back by itself.',
  }
}

function commandsOf(commands: unknown): string[] {
  return Array.isArray(commands) ? commands.map(command => (command?.argv ?? []).join(' ')) : []
}

function textOf(settings: DropInSettings): string {
  return [
    '[Unit]',
    `StartLimitIntervalSec=${settings.startLimitIntervalSeconds}`,
    `StartLimitBurst=${settings.startLimitBurst}`,
    '',
    '[Service]',
    `Restart=${settings.restart}`,
    `RestartSec=${settings.restartSeconds}`,
    ...(settings.restartSteps === null ? [] : [`RestartSteps=${settings.restartSteps}`]),
    ...(settings.restartMaxDelaySeconds === null ? [] : [`RestartMaxDelaySec=${settings.restartMaxDelaySeconds}`]),
    '',
  ].join('\n')
}
