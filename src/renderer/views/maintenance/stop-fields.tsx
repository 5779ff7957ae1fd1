// Which services a task stops meanwhile: few of many, chosen one by one from all that there are. Stops nothing itself.
import { Plus, Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { MaintenanceDraft } from '../../../shared/model/maintenance.ts'
import type { Unit } from '../../../shared/model/unit.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { Pale } from '../../components/cells.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { FieldError, SelectField } from '../../components/field.tsx'
import { AddRow } from '../../components/kind-parts.tsx'
import { useUnits } from '../../data/hosts.ts'
import type { Entered } from '../../data/use-draft-form.ts'
import { safeText } from '../../lib/safe-text.ts'
import { unitKey, unitLabel } from '../../lib/unit-keys.ts'
import { unitOfKey } from '../../lib/unit-of-key.ts'
import css from './maintenance.module.css'

const mostUnits = 8

export function StopFields(props: { form: Entered<MaintenanceDraft> }): ReactNode {
  const { draft, errors, change } = props.form
  const units = useUnits(draft.hostId)
  const chosen = new Set(draft.stopUnits.map(unitKey))
  return (
    <>
      <Pale>
        Services named here are stopped before the first step, if they run, and started again whatever becomes of the
        task.
      </Pale>
      {errors.stopUnits && <FieldError>{errors.stopUnits}</FieldError>}
      {draft.stopUnits.length > 0 && (
        <ul className={css.list}>
          {draft.stopUnits.map(unit => (
            <li key={unitKey(unit)} className={css.chosen}>
              <span>{safeText(unitLabel(unit))}</span>
              <IconButton
                icon={Trash2}
                size="small"
                label={`Do not stop ${unitLabel(unit)}`}
                onClick={() => change({ stopUnits: draft.stopUnits.filter(each => unitKey(each) !== unitKey(unit)) })}
              />
            </li>
          ))}
        </ul>
      )}
      {draft.stopUnits.length < mostUnits && (
        <QueryFaces query={units} failed="The services could not be read" loading="Reading services">
          {all => (
            <AddUnit
              key={draft.hostId}
              units={all.filter(unit => !chosen.has(unitKey(unit)))}
              onAdd={unit => change({ stopUnits: [...draft.stopUnits, unit] })}
            />
          )}
        </QueryFaces>
      )}
    </>
  )
}

function AddUnit(props: {
  units: readonly Unit[]
  onAdd: (unit: MaintenanceDraft['stopUnits'][number]) => void
}): ReactNode {
  const { units, onAdd } = props
  const [key, setKey] = useState('')
  const [missed, setMissed] = useState(false)
  // one that was added just now is no longer among them
  const unit = units.some(each => unitKey(each) === key) ? unitOfKey(key) : null
  return (
    <AddRow>
      <SelectField
        label="Service"
        value={unit ? key : ''}
        error={missed ? 'Choose a service' : undefined}
        onChange={event => {
          setKey(event.target.value)
          setMissed(false)
        }}
      >
        <option value="">Choose one</option>
        {units.map(each => (
          <option key={unitKey(each)} value={unitKey(each)}>
            {safeText(unitLabel(each))}
          </option>
        ))}
      </SelectField>
      <Button icon={Plus} onClick={() => (unit ? onAdd(unit) : setMissed(true))}>
        Add service
      </Button>
    </AddRow>
  )
}
