// The steps of "Test connection" as they come, and the trust question where the host is new. Knows nothing of the form.
import { Plug } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ConnectionStep } from '../../../shared/model/host.ts'
import { Notice } from '../../components/notice.tsx'
import { Panel } from '../../components/page.tsx'
import { StatusIcon } from '../../components/status.tsx'
import { formatDuration } from '../../lib/format.ts'
import { safeText } from '../../lib/safe-text.ts'
import type { Tone } from '../../lib/status.ts'
import { TrustPanel } from '../host-key/trust-panel.tsx'
import css from './host-form.module.css'
import type { ConnectionTest } from './use-connection-test.ts'

const names: Record<ConnectionStep['step'], string> = {
  resolve: 'Address',
  tcp: 'Network',
  'host-key': 'Host key',
  auth: 'Login',
  shell: 'Shell',
  sudo: 'sudo',
  systemd: 'systemd',
  journal: 'Journal',
  rights: 'Rights',
}
const tones: Record<ConnectionStep['outcome'], { tone: Tone; word: string }> = {
  running: { tone: 'busy', word: 'running' },
  ok: { tone: 'healthy', word: 'OK' },
  warning: { tone: 'degraded', word: 'warning' },
  failed: { tone: 'unhealthy', word: 'failed' },
  skipped: { tone: 'off', word: 'skipped' },
}

export function TestPanel(props: { test: ConnectionTest; onRetry: () => void }): ReactNode {
  const { test, onRetry } = props
  const decision = test.steps.find(step => step.step === 'host-key' && step.offeredKey !== null)
  if (!test.target) {
    return (
      <Panel title="Test connection">
        <p className={css.pale}>
          <Plug size="0.875rem" aria-hidden="true" /> Tries each step from looking up the address to the rights on the
          host, and says what to do where one fails. Nothing is saved by it.
        </p>
      </Panel>
    )
  }
  return (
    <Panel title="Test connection" aside={<Outcome test={test} asks={decision !== undefined} />}>
      <ol className={css.steps} aria-live="polite">
        {test.steps.map(step => (
          <StepLine key={step.step} step={step} asks={step === decision} />
        ))}
      </ol>
      {test.error && (
        <Notice tone="unhealthy" title="The test could not be run" urgent>
          <p>{safeText(test.error.message)}</p>
          {test.error.hint && <p>{safeText(test.error.hint)}</p>}
        </Notice>
      )}
      {decision?.offeredKey && !test.running && (
        <TrustPanel
          address={test.target.address}
          port={test.target.port}
          offered={decision.offeredKey}
          onTrusted={onRetry}
          onCancel={test.stop}
        />
      )}
    </Panel>
  )
}

/** `asks` is the step that waits for the person's decision: no failure, and what to do is in the question below. */
function StepLine(props: { step: ConnectionStep; asks: boolean }): ReactNode {
  const { step, outcome, message, hint, milliseconds } = props.step
  const { tone, word } = props.asks ? ({ tone: 'waiting', word: 'waits for you' } as const) : tones[outcome]
  return (
    <li className={css.step}>
      <StatusIcon tone={tone} label={word} />
      <span className={css.stepName}>{names[step]}</span>
      <div className={css.stepText}>
        <p className={outcome === 'skipped' ? css.pale : undefined}>{safeText(message)}</p>
        {hint !== null && !props.asks && <p className={css.hint}>{safeText(hint)}</p>}
      </div>
      <span className={css.stepTime}>{milliseconds === null ? '' : formatDuration(milliseconds)}</span>
    </li>
  )
}

function Outcome(props: { test: ConnectionTest; asks: boolean }): ReactNode {
  const { test, asks } = props
  if (test.running) return <span className={css.pale}>Testing…</span>
  if (asks) {
    return (
      <strong className={css.outcome} role="status">
        <StatusIcon tone="waiting" /> Waits for you
      </strong>
    )
  }
  const failed = test.error !== null || test.steps.some(step => step.outcome === 'failed')
  const warned = test.steps.some(step => step.outcome === 'warning')
  const text = failed ? 'Does not work' : warned ? 'Works, with limits' : 'Works'
  return (
    <strong className={css.outcome} role="status">
      <StatusIcon tone={failed ? 'unhealthy' : warned ? 'degraded' : 'healthy'} /> {text}
    </strong>
  )
}
