// The screens on which a place for backups is made, changed or removed.
import { HardDrive } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useParams } from 'react-router'
import { LinkButton } from '../../components/button.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { KindCards } from '../../components/kind-cards.tsx'
import { Page } from '../../components/page.tsx'
import { useBackupKinds, useTargets } from '../../data/backups.ts'
import { fieldsOf, initialSpec } from '../../lib/json-schema.ts'
import { places } from '../../lib/places.ts'
import css from './backups.module.css'
import { OrphansPanel } from './orphans-panel.tsx'
import { TargetForm } from './target-form.tsx'

export function NewTargetView(): ReactNode {
  const kinds = useBackupKinds()
  const [type, setType] = useState<string | null>(null)
  return (
    <Page title="Add place" body="scroll">
      <QueryFaces query={kinds} failed="The kinds of places could not be read">
        {({ targets }) => {
          const kind = targets.find(each => each.type === type)
          if (!kind) return <KindCards question="Where are backups to be kept?" kinds={targets} onChoose={setType} />
          const draft = { type: kind.type, name: kind.title, spec: initialSpec(fieldsOf(kind.schema)) }
          return <TargetForm key={kind.type} kind={kind} target={null} draft={draft} />
        }}
      </QueryFaces>
    </Page>
  )
}

export function EditTargetView(): ReactNode {
  const { targetId = '' } = useParams()
  const kinds = useBackupKinds()
  const targets = useTargets()
  return (
    <Page title="Edit place" body="scroll">
      <QueryFaces query={kinds} failed="The kinds of places could not be read">
        {known => (
          <QueryFaces query={targets} failed="The place could not be read">
            {views => {
              const target = views.find(view => view.target.id === targetId)?.target
              const kind = known.targets.find(each => each.type === target?.type)
              if (!target || !kind)
                return (
                  <EmptyState icon={HardDrive} title="There is no such place">
                    <LinkButton to={places.targets}>Show all places</LinkButton>
                  </EmptyState>
                )
              const { type, name, spec } = target
              return (
                <div key={target.id} className={css.form}>
                  <TargetForm kind={kind} target={target} draft={{ type, name, spec }} />
                  <OrphansPanel targetId={target.id} />
                </div>
              )
            }}
          </QueryFaces>
        )}
      </QueryFaces>
    </Page>
  )
}
