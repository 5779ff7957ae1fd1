// A button for one action on a unit: its tooltip is the command that it will run. Knows no screen.
import { type ReactNode, useState } from 'react'
import type { UnitRef, UnitVerb } from '../../../../shared/model/unit.ts'
import { Button, type ButtonLook, IconButton } from '../../../components/button.tsx'
import { Tooltip } from '../../../components/tooltip.tsx'
import { useActionRuns } from '../../../data/hosts.ts'
import { useEngineQuery } from '../../../data/remotes.tsx'
import { safeText } from '../../../lib/safe-text.ts'
import { verbWords } from './unit-verbs.ts'
import { refOf } from './use-unit-action.tsx'

interface ActionButtonProps {
  readonly unit: UnitRef
  readonly verb: UnitVerb
  readonly onRun: (unit: UnitRef, verb: UnitVerb) => void
  readonly disabled?: boolean
}

/** The command is asked for when the pointer or the focus comes near, not for each row of a list. */
function useCommandText(unit: UnitRef, verb: UnitVerb): { text: string | null; near: () => void } {
  const [wanted, setWanted] = useState(false)
  const preview = useEngineQuery('action.preview', { ...refOf(unit), verb }, { enabled: wanted, staleTime: 60_000 })
  return { text: preview.data ? safeText(preview.data.command) : null, near: () => setWanted(true) }
}

function useRunning(unit: UnitRef, verb: UnitVerb): boolean {
  return useActionRuns(refOf(unit)).some(run => run.outcome === 'running' && run.verb === verb)
}

export function ActionButton(props: ActionButtonProps & { look?: ButtonLook }): ReactNode {
  const { unit, verb, onRun, disabled = false, look = 'secondary' } = props
  const { label, icon } = verbWords[verb]
  const { text, near } = useCommandText(unit, verb)
  const button = (
    <Button
      look={look}
      icon={icon}
      disabled={disabled}
      loading={useRunning(unit, verb)}
      onPointerEnter={near}
      onFocus={near}
      onClick={() => onRun(unit, verb)}
    >
      {label}
    </Button>
  )
  return <Tooltip content={text ?? 'Reading the command…'}>{button}</Tooltip>
}

/** The same for a row of a list: an icon with its name and command. */
export function ActionIcon(props: ActionButtonProps): ReactNode {
  const { unit, verb, onRun, disabled = false } = props
  const { label, icon } = verbWords[verb]
  const { text, near } = useCommandText(unit, verb)
  return (
    <IconButton
      icon={icon}
      label={text ? `${label} ${safeText(unit.name)}: ${text}` : `${label} ${safeText(unit.name)}`}
      size="small"
      disabled={disabled}
      loading={useRunning(unit, verb)}
      onPointerEnter={near}
      onFocus={near}
      onClick={() => onRun(unit, verb)}
    />
  )
}
