// Silences and maintenance windows: what is in force, what is planned, and for what. The engine keeps them and decides what they mute.
import { ArrowLeft, BellOff, Pencil, Plus, SearchX, Trash2 } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import type { Silence } from '../../../shared/model/incident.ts'
import { Button, IconButton, LinkButton } from '../../components/button.tsx'
import { Pale, TwoLines, Wrapped } from '../../components/cells.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { FilterBar } from '../../components/filter-bar.tsx'
import { FilterInput, useRouteValue } from '../../components/filter-input.tsx'
import { Page } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useToast } from '../../components/toast.tsx'
import { useChecks } from '../../data/checks.ts'
import { useHosts } from '../../data/hosts.ts'
import { useSilences } from '../../data/incidents.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { errorText } from '../../lib/error-text.ts'
import { whoName } from '../../lib/incident-words.ts'
import { places } from '../../lib/places.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import { saysAll } from '../../lib/says-all.ts'
import { SilenceForm } from './silence-form.tsx'
import { bySilenceOrder, type ScopeNames, scheduleText, scopeText, silenceStatus } from './silence-words.ts'
import css from './silences.module.css'

type Asked =
  | { readonly what: 'form'; readonly silence: Silence | null }
  | { readonly what: 'remove'; readonly silence: Silence }

export function SilencesView(): ReactNode {
  const silences = useSilences()
  const [asked, setAsked] = useState<Asked | null>(null)
  const close = (): void => setAsked(null)
  const add = (): void => setAsked({ what: 'form', silence: null })
  return (
    <Page
      title="Silences and maintenance"
      body="fill"
      aside={
        <LinkButton to={places.incidents} look="quiet" size="small" icon={ArrowLeft}>
          Incidents
        </LinkButton>
      }
      actions={
        <Button look="primary" icon={Plus} onClick={add}>
          Add
        </Button>
      }
    >
      <QueryFaces query={silences} failed="The silences could not be read" loading="Reading silences">
        {list => (list.length === 0 ? <None onAdd={add} /> : <List silences={list} onAsk={setAsked} />)}
      </QueryFaces>
      {asked?.what === 'form' && <SilenceForm silence={asked.silence} onClose={close} />}
      {asked?.what === 'remove' && <Remove silence={asked.silence} onClose={close} />}
    </Page>
  )
}

function None(props: { onAdd: () => void }): ReactNode {
  return (
    <EmptyState
      icon={BellOff}
      title="Nothing is silenced, and no maintenance is planned"
      text="A silence keeps messages back for a while. Maintenance does so at its time, once or again and again, and is left out of uptime."
    >
      <Button icon={Plus} onClick={props.onAdd}>
        Plan maintenance
      </Button>
    </EmptyState>
  )
}

function List(props: { silences: readonly Silence[]; onAsk: (asked: Asked) => void }): ReactNode {
  const { silences, onAsk } = props
  const [text, setText] = useRouteValue('q')
  const names = useScopeNames()
  const rows = useMemo(() => {
    const said = (silence: Silence): string[] => [
      silence.name,
      silence.kind,
      silenceStatus(silence).word,
      scopeText(silence.scope, names),
    ]
    return silences.filter(silence => saysAll(said(silence), text)).sort(bySilenceOrder)
  }, [silences, text, names])
  const columns = useMemo(() => columnsWith(names, onAsk), [names, onAsk])
  return (
    <>
      <FilterBar>
        <FilterInput label="Filter silences" value={text} onChange={value => setText(value)} />
      </FilterBar>
      <DataTable<Silence>
        label="Silences and maintenance"
        rows={rows}
        rowKey={silence => silence.id}
        rowRem={3.25}
        columns={columns}
        onOpen={silence => onAsk({ what: 'form', silence })}
        empty={
          <EmptyState icon={SearchX} title="Nothing matches the filter">
            <Button onClick={() => setText('')}>Show everything</Button>
          </EmptyState>
        }
      />
    </>
  )
}

function useScopeNames(): ScopeNames {
  const hosts = useHosts()
  const checks = useChecks()
  return useMemo(
    () => ({
      hosts: new Map(hosts.data?.map(({ host }) => [host.id, host.name])),
      checks: new Map(checks.data?.map(({ check }) => [check.id, check.name])),
    }),
    [hosts.data, checks.data],
  )
}

function columnsWith(names: ScopeNames, onAsk: (asked: Asked) => void): readonly Column<Silence>[] {
  return [
    {
      id: 'state',
      header: 'State',
      width: '7rem',
      cell: silence => <Status status={silenceStatus(silence)} />,
    },
    {
      id: 'name',
      header: 'What for',
      width: 'minmax(7.5rem, 1.5fr)',
      cell: silence => (
        <TwoLines>
          <span className={css.name}>{safeShort(silence.name, 120)}</span>
          <Pale>
            {silence.kind === 'maintenance' ? 'Maintenance' : 'Silence'}, by {whoName(silence.createdBy)}
          </Pale>
        </TwoLines>
      ),
    },
    {
      id: 'scope',
      header: 'What is muted',
      width: 'minmax(7rem, 1.6fr)',
      cell: silence => <Wrapped>{scopeText(silence.scope, names)}</Wrapped>,
    },
    {
      id: 'schedule',
      header: 'When',
      width: 'minmax(8.5rem, 2fr)',
      cell: silence => (
        <TwoLines>
          <span>{scheduleText(silence.schedule)}</span>
          <NextChange silence={silence} />
        </TwoLines>
      ),
    },
    {
      id: 'tools',
      header: 'Actions',
      bareHeader: true,
      width: '6.5rem',
      align: 'end',
      cell: silence => <Tools silence={silence} onAsk={onAsk} />,
    },
  ]
}

function NextChange(props: { silence: Silence }): ReactNode {
  const { active, changesAt } = props.silence
  if (changesAt === null) return <Pale>{active ? 'until it is taken back' : 'does not come again'}</Pale>
  return (
    <Pale>
      {active ? 'ends ' : 'begins '}
      <RelativeTime at={changesAt} />
    </Pale>
  )
}

/** What is over once can only be removed; what comes again is ended by removing it. */
function Tools(props: { silence: Silence; onAsk: (asked: Asked) => void }): ReactNode {
  const { silence, onAsk } = props
  const toast = useToast()
  const edit = useEngineCommand('silence.edit')
  const { schedule } = silence
  const endNow = (): void => {
    if (schedule.kind !== 'once') return
    const { name, kind, scope } = silence
    edit.mutate(
      { id: silence.id, draft: { name, kind, scope, schedule: { ...schedule, until: Date.now() } } },
      { onError: error => toast({ tone: 'unhealthy', title: 'Not ended', text: errorText(error) }) },
    )
  }
  const name = safeText(silence.name)
  return (
    <span className={css.tools}>
      {silence.active && schedule.kind === 'once' && (
        <Button size="small" onClick={endNow} loading={edit.isPending} aria-label={`End ${name} now`}>
          End
        </Button>
      )}
      <IconButton icon={Pencil} size="small" label={`Edit ${name}`} onClick={() => onAsk({ what: 'form', silence })} />
      <IconButton
        icon={Trash2}
        size="small"
        label={`Remove ${name}`}
        onClick={() => onAsk({ what: 'remove', silence })}
      />
    </span>
  )
}

function Remove(props: { silence: Silence; onClose: () => void }): ReactNode {
  const { silence, onClose } = props
  const remove = useEngineCommand('silence.remove')
  const name = safeText(silence.name)
  return (
    <ConfirmDialog
      open
      title={`Remove “${name}”?`}
      action="Remove"
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate(silence.id, { onSuccess: onClose })}
    >
      <p>
        {silence.active
          ? 'It ends at once. What is still wrong by then is told.'
          : 'It does not come again. Nothing else changes.'}
      </p>
    </ConfirmDialog>
  )
}
