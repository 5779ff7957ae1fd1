// What the steps of a rule would run, before they ever do; asked for once they stand still.
import type { ReactNode } from 'react'
import { RecoveryPolicy } from '../../../shared/model/recovery.ts'
import { Command } from '../../components/command.tsx'
import { useEngineQuery } from '../../data/remotes.tsx'
import { errorText } from '../../lib/error-text.ts'
import { safeText } from '../../lib/safe-text.ts'
import { useKeys } from '../../lib/use-keys.ts'
import { useSettled } from '../../lib/use-settled.ts'
import css from './recovery.module.css'

export function PlanPreview(props: { policy: RecoveryPolicy }): ReactNode {
  const { hostId, scope, name } = props.policy
  const parsed = RecoveryPolicy.shape.steps.safeParse(props.policy.steps)
  const settled = useSettled(parsed.success ? JSON.stringify(parsed.data) : null, '[]', 400)
  const plan = useEngineQuery(
    'recovery.plan',
    { hostId, scope, name, steps: JSON.parse(settled) },
    { enabled: settled !== '[]', keepPrevious: true },
  )
  const { keys } = useKeys(plan.data?.length ?? 0)
  if (plan.error && !plan.data)
    return <p className={css.pale}>What it runs could not be asked: {errorText(plan.error)}</p>
  if (!plan.data) return null
  return (
    <section aria-label="What it runs" className={css.column}>
      {plan.data.map((step, index) => (
        <div key={keys[index]}>
          {step.commands.map(command => (
            <Command key={command} text={command} label={index === 0 ? 'Runs' : 'Then'} />
          ))}
          {step.consequence && <p className={css.pale}>{safeText(step.consequence)}</p>}
        </div>
      ))}
    </section>
  )
}
