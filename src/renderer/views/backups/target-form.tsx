// The form of a place for backups of one kind, tried before it is saved.
import { PlugZap } from 'lucide-react'
import type { ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { localTargetId, type Target, TargetDraft } from '../../../shared/model/backup.ts'
import type { KindInfo } from '../../../shared/model/check.ts'
import { KindForm } from '../../components/kind-form.tsx'
import { RemoveButton } from '../../components/remove-button.tsx'
import { useEngine, useEngineCommand } from '../../data/remotes.tsx'
import { useDraftForm } from '../../data/use-draft-form.ts'
import { places } from '../../lib/places.ts'
import { SaveError } from '../vault/save-error.tsx'
import { useHostChoices } from './host-choices.ts'

export function TargetForm(props: { kind: KindInfo; target: Target | null; draft: TargetDraft }): ReactNode {
  const { kind, target } = props
  const engine = useEngine()
  const form = useDraftForm(TargetDraft, props.draft)
  return (
    <KindForm
      kind={kind}
      form={form}
      stored={target?.stored ?? []}
      fields={useHostChoices()}
      failure={form.failure && <SaveError error={form.failure} />}
      save={target ? 'Save' : 'Add place'}
      onSave={(draft, secrets) =>
        target
          ? engine.call('target.edit', { id: target.id, draft, secrets })
          : engine.call('target.add', { draft, secrets })
      }
      trial={{
        label: 'Try it',
        icon: PlugZap,
        works: 'A file was written, read back and removed',
        run: (draft, secrets) => engine.call('target.test', { id: target?.id ?? null, draft, secrets }),
      }}
      back={places.targets}
      remove={target && target.id !== localTargetId && <Remove target={target} />}
    />
  )
}

function Remove(props: { target: Target }): ReactNode {
  const { id, name } = props.target
  const navigate = useNavigate()
  const remove = useEngineCommand('target.remove')
  return (
    <RemoveButton
      name={name}
      noun="place"
      busy={remove.isPending}
      error={remove.error}
      onRemove={() => remove.mutate(id, { onSuccess: () => void navigate(places.targets) })}
    >
      <p>What is kept there stays there, and shows again when the place is added again.</p>
    </RemoveButton>
  )
}
