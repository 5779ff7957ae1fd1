// The contract's handlers for recovery and drop-ins: thin, with an audit entry for whatever a person changed.
import { AppError } from '../../shared/errors.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'
import type { DropInSettings, RecoveryPolicy, RecoveryStep } from '../../shared/model/recovery.ts'
import type { UnitRef } from '../../shared/model/unit.ts'
import type { AuditLog } from '../runtime/audit-log.ts'
import { attemptOf } from '../runtime/recovery-work.ts'
import type { Services } from './services.ts'

type Context = { signal: AbortSignal }

export const recoveryHandlers = ({ store, audit, recovery }: Services) => {
  const { runner, rules, dropIns } = recovery
  return {
    'recovery.kinds': () => rules.kinds(),
    'recovery.list': ({ hostId }: { hostId: string | null }) => runner.views(hostId),
    'recovery.get': (ref: UnitRef) => rules.get(ref),
    'recovery.set': ({ policy, secrets }: { policy: RecoveryPolicy; secrets: FieldSecrets }) => {
      const view = rules.set(policy, secrets)
      const detail = `${policy.enabled ? 'on' : 'off'}: ${policy.steps.map(step => step.type).join(', ')}`
      audit.record({
        actor: 'person',
        verb: 'recovery.set',
        hostId: policy.hostId,
        target: policy.name,
        command: detail,
      })
      return view
    },
    'recovery.remove': (ref: UnitRef) => {
      runner.remove(ref)
      audit.record({ actor: 'person', verb: 'recovery.remove', hostId: ref.hostId, target: ref.name })
    },
    'recovery.attempts': ({ limit, ...ref }: UnitRef & { limit: number }) =>
      store.recovery.attempts(ref, limit).map(attemptOf),
    'recovery.plan': ({ steps, ...ref }: UnitRef & { steps: RecoveryStep[] }, { signal }: Context) =>
      rules.plan(ref, steps, signal),
    'recovery.dryRun': (policy: RecoveryPolicy) => rules.dryRun(policy),
    'dropin.review': ({ settings, ...ref }: UnitRef & { settings: DropInSettings | null }) =>
      dropIns.review(ref, settings),
    'dropin.apply': async ({
      settings,
      before,
      ...ref
    }: UnitRef & { settings: DropInSettings | null; before: string | null }) => {
      const finish = audit.begin({ actor: 'person', verb: 'dropin.apply', hostId: ref.hostId, target: ref.name })
      return { backup: await ended(finish, dropIns.apply(ref, settings, before)) }
    },
    'dropin.undo': (ref: UnitRef) => {
      const finish = audit.begin({ actor: 'person', verb: 'dropin.undo', hostId: ref.hostId, target: ref.name })
      return ended(finish, dropIns.undo(ref))
    },
  }
}

/** Writes down how it ended, whichever way. */
async function ended<T>(finish: ReturnType<AuditLog['begin']>, work: Promise<T>): Promise<T> {
  try {
    const result = await work
    finish('verified', null)
    return result
  } catch (caught) {
    finish('failed', AppError.from(caught).message)
    throw caught
  }
}
