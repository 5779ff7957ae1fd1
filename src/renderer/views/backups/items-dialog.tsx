// What lies in a snapshot, and the way to take one thing out of it. Shows what the engine says; writes nothing itself.
import { Download, FolderOpen } from 'lucide-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { Snapshot, SnapshotItem } from '../../../shared/model/snapshot.ts'
import { Button } from '../../components/button.tsx'
import { Pale } from '../../components/cells.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { FieldError, FieldGroup, FieldRow, SelectField, TextField } from '../../components/field.tsx'
import { useSnapshotItems } from '../../data/backups.ts'
import { useEngineCommand, useShell } from '../../data/remotes.tsx'
import { snapshotText } from '../../lib/backup-status.ts'
import { errorText } from '../../lib/error-text.ts'
import { formatBytes, formatCount } from '../../lib/format.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import css from './backups.module.css'

const mostShown = 500

export function ItemsDialog(props: { snapshot: Snapshot; onClose: () => void }): ReactNode {
  const { snapshot, onClose } = props
  const { parts } = snapshot.manifest
  const shell = useShell()
  const [part, setPart] = useState(parts[0]?.key ?? '')
  const [filter, setFilter] = useState('')
  const [folder, setFolder] = useState('')
  const [chosen, setChosen] = useState<string | null>(null)
  const extract = useEngineCommand('snapshot.extract')
  const choose = async (): Promise<void> => {
    const path = await shell.call('dialog.chooseFolder', undefined).catch(() => null)
    if (path !== null) setFolder(path)
  }
  const take = (event: FormEvent): void => {
    event.preventDefault()
    extract.mutate({ id: snapshot.id, part, path: chosen, folder })
  }
  return (
    <Dialog open width="wide" title="What is in it" onClose={onClose} footer={<Button onClick={onClose}>Close</Button>}>
      <form className={css.form} onSubmit={take}>
        <p>{safeText(snapshotText(snapshot.manifest))}</p>
        <FieldRow>
          <SelectField
            label="Part"
            value={part}
            onChange={event => {
              setPart(event.target.value)
              setChosen(null)
            }}
          >
            {parts.map(each => (
              <option key={each.key} value={each.key}>
                {safeText(each.key)} ({formatBytes(each.rawBytes)})
              </option>
            ))}
          </SelectField>
          <TextField label="Filter" value={filter} onChange={event => setFilter(event.target.value)} />
        </FieldRow>
        <Items snapshotId={snapshot.id} part={part} filter={filter} chosen={chosen} onChoose={setChosen} />
        <TextField
          label="Into the folder"
          help="On this computer. Nothing that is there is replaced."
          value={folder}
          autoComplete="off"
          spellCheck={false}
          onChange={event => setFolder(event.target.value)}
          beside={
            <Button icon={FolderOpen} onClick={() => void choose()}>
              Choose
            </Button>
          }
        />
        <div>
          <Button type="submit" look="primary" icon={Download} loading={extract.isPending} disabled={folder === ''}>
            {chosen === null ? 'Take the whole part out' : `Take ${safeShort(chosen, 40)} out`}
          </Button>
        </div>
        <div aria-live="polite">{extract.data && <p>It is there: {safeText(extract.data)}</p>}</div>
        {extract.error && <FieldError>{errorText(extract.error)}</FieldError>}
      </form>
    </Dialog>
  )
}

function Items(props: {
  snapshotId: string
  part: string
  filter: string
  chosen: string | null
  onChoose: (path: string | null) => void
}): ReactNode {
  const { snapshotId, part, filter, chosen, onChoose } = props
  const items = useSnapshotItems(snapshotId, part)
  return (
    <QueryFaces query={items} failed="What is in it could not be read" loading="Reading the snapshot">
      {list => {
        const wanted = filter.toLowerCase()
        const matching = list.filter(item => item.path.toLowerCase().includes(wanted))
        return (
          <FieldGroup
            label={`What to take out: ${formatCount(matching.length)} of ${formatCount(list.length)}${
              matching.length > mostShown ? `, the first ${formatCount(mostShown)} shown` : ''
            }`}
          >
            <div className={css.items}>
              <label className={css.item}>
                <input type="radio" name="item" checked={chosen === null} onChange={() => onChoose(null)} />
                <span>All of it</span>
              </label>
              {matching.slice(0, mostShown).map(item => (
                <Item key={item.path} item={item} chosen={chosen === item.path} onChoose={onChoose} />
              ))}
            </div>
          </FieldGroup>
        )
      }}
    </QueryFaces>
  )
}

function Item(props: { item: SnapshotItem; chosen: boolean; onChoose: (path: string) => void }): ReactNode {
  const { item, chosen, onChoose } = props
  const takeable = item.kind === 'file' || item.kind === 'table'
  return (
    <label className={css.item}>
      <input type="radio" name="item" disabled={!takeable} checked={chosen} onChange={() => onChoose(item.path)} />
      <span>{safeText(item.path)}</span>
      <Pale>
        {item.rows !== null
          ? `${formatCount(item.rows)} rows`
          : item.bytes !== null
            ? formatBytes(item.bytes)
            : item.kind}
      </Pale>
    </label>
  )
}
