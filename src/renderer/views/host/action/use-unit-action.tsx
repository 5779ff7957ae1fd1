// Runs an action on a unit for any screen: at once where it is safe, after the consequence was read where it can hurt. Knows no layout.
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useCallback, useState } from 'react'
import { AppError } from '../../../../shared/errors.ts'
import type { ActionPreview, ActionRun, UnitRef, UnitVerb } from '../../../../shared/model/unit.ts'
import { ConfirmDialog } from '../../../components/confirm-dialog.tsx'
import { useToast } from '../../../components/toast.tsx'
import { callKey, useEngine, useEngineCommand, useEngineEvent } from '../../../data/remotes.tsx'
import { unitPath } from '../../../lib/places.ts'
import { safeText } from '../../../lib/safe-text.ts'
import { outcomeStatus } from '../../../lib/status.ts'
import { verbWords } from './unit-verbs.ts'

interface Asked {
  readonly unit: UnitRef
  readonly verb: UnitVerb
  readonly preview: ActionPreview
}

export interface UnitActions {
  /** Shows what will run and asks where it can hurt, else runs. */
  readonly run: (unit: UnitRef, verb: UnitVerb) => void
  /** The question that is being asked, if any; put it into the screen once. */
  readonly dialog: ReactNode
}

export function refOf(unit: UnitRef): UnitRef {
  return { hostId: unit.hostId, scope: unit.scope, name: unit.name }
}

/** `quiet` leaves the result to the screen, which shows it itself; else a toast tells it. */
export function useUnitActions(options: { quiet?: boolean } = {}): UnitActions {
  const { quiet = false } = options
  const engine = useEngine()
  const client = useQueryClient()
  const toast = useToast()
  const command = useEngineCommand('action.run')
  const [asked, setAsked] = useState<Asked | null>(null)
  const [mine, setMine] = useState<ReadonlySet<string>>(new Set())

  useEngineEvent('action.changed', run => {
    if (quiet || !mine.has(run.id) || run.outcome === 'running') return
    setMine(ids => new Set([...ids].filter(id => id !== run.id)))
    toast(resultToast(run))
  })

  const { mutate } = command
  const start = useCallback(
    (unit: UnitRef, verb: UnitVerb) =>
      mutate(
        { ...refOf(unit), verb },
        {
          onSuccess: run => {
            setAsked(null)
            setMine(ids => new Set(ids).add(run.id))
          },
          onError: error => {
            setAsked(null)
            toast({
              tone: 'unhealthy',
              title: `${verbWords[verb].label} ${unit.name}: not done`,
              text: [error.message, error.hint].filter(Boolean).join(' '),
            })
          },
        },
      ),
    [mutate, toast],
  )

  const run = useCallback(
    (unit: UnitRef, verb: UnitVerb) => {
      const input = { ...refOf(unit), verb }
      client
        .fetchQuery({ queryKey: callKey('action.preview', input), queryFn: () => engine.call('action.preview', input) })
        .then(
          preview => {
            if (preview.risk === 'safe') start(unit, verb)
            else setAsked({ unit, verb, preview })
          },
          error => toast({ tone: 'unhealthy', title: 'Not done', text: AppError.from(error).message }),
        )
    },
    [client, engine, start, toast],
  )

  const dialog = asked && (
    <ConfirmDialog
      open
      title={`${verbWords[asked.verb].label} ${safeText(asked.unit.name)}?`}
      action={`${verbWords[asked.verb].label} ${safeText(asked.unit.name)}`}
      command={asked.preview.command}
      busy={command.isPending}
      onConfirm={() => start(asked.unit, asked.verb)}
      onClose={() => setAsked(null)}
    >
      <p>{safeText(asked.preview.consequence ?? '')}</p>
    </ConfirmDialog>
  )
  return { run, dialog }
}

function resultToast(run: ActionRun) {
  const { tone, word } = outcomeStatus(run.outcome)
  const last = run.evidence.at(-1)?.text
  return {
    id: run.id,
    tone,
    title: `${verbWords[run.verb].label} ${run.unit}: ${word.toLowerCase()}`,
    text: [run.error?.message ?? last, run.error?.hint].filter(Boolean).join(' '),
    link: { to: unitPath({ hostId: run.hostId, scope: run.scope, name: run.unit }), label: 'Show the evidence' },
  }
}
