// The cells of the list of services; numbers follow the newest sample without redrawing the list.
import { Pin } from 'lucide-react'
import { createContext, type ReactNode, useContext } from 'react'
import { Link } from 'react-router'
import type { UnitUse } from '../../../../shared/model/metric.ts'
import type { Unit, UnitRef, UnitVerb } from '../../../../shared/model/unit.ts'
import { IconButton } from '../../../components/button.tsx'
import type { Column } from '../../../components/data-table.tsx'
import { RelativeTime } from '../../../components/relative-time.tsx'
import { Status } from '../../../components/status.tsx'
import { useEngineCommand } from '../../../data/remotes.tsx'
import { cx } from '../../../lib/class-names.ts'
import { formatBytes, formatCount, formatPercent, unknownValue } from '../../../lib/format.ts'
import { unitPath } from '../../../lib/places.ts'
import { safeShort, safeText } from '../../../lib/safe-text.ts'
import { type StatusWord, toneRank, unitStatus } from '../../../lib/status.ts'
import { unitKey } from '../../../lib/unit-keys.ts'
import { ActionIcon } from '../action/action-button.tsx'
import { mainVerb } from '../action/unit-verbs.ts'
import { cpuOf, memoryOf } from './services-order.ts'
import css from './services-view.module.css'

export interface ServicesContextValue {
  readonly uses: ReadonlyMap<string, UnitUse>
  /** Is what is shown the present? Else nothing is green, and nothing can be done. */
  readonly live: boolean
  readonly onRun: (unit: UnitRef, verb: UnitVerb) => void
}
export const ServicesContext = createContext<ServicesContextValue>({ uses: new Map(), live: false, onRun: () => {} })

const usageOf = (unit: Unit, uses: ReadonlyMap<string, UnitUse>): UnitUse | undefined => uses.get(unitKey(unit))

/** What was true when the host was last seen is not what is true: grey, and said so. */
export function shownStatus(unit: Unit, live: boolean): StatusWord {
  const status = unitStatus(unit)
  return live
    ? status
    : { tone: 'unknown', word: `Was ${status.word.toLowerCase()}`, detail: 'As last seen; the host is not connected.' }
}

const compareNumber =
  (value: (unit: Unit) => number | null) =>
  (a: Unit, b: Unit): number =>
    (value(a) ?? -1) - (value(b) ?? -1)

/** `uses` is for sorting; the cells read the newest from the context. */
export function serviceColumns(uses: ReadonlyMap<string, UnitUse>, scopes: boolean): readonly Column<Unit>[] {
  return [
    { id: 'pin', header: 'Pin', width: '2.25rem', bareHeader: true, cell: unit => <PinCell unit={unit} /> },
    {
      id: 'state',
      header: 'State',
      width: 'minmax(6.5rem, 0.7fr)',
      compare: (a, b) => toneRank(unitStatus(a).tone) - toneRank(unitStatus(b).tone),
      cell: unit => <StateCell unit={unit} />,
    },
    {
      id: 'name',
      header: 'Service',
      width: 'minmax(8rem, 1.6fr)',
      compare: (a, b) => (a.name < b.name ? -1 : 1),
      cell: unit => <NameCell unit={unit} scopes={scopes} />,
    },
    {
      id: 'description',
      header: 'Description',
      width: 'minmax(6rem, 2fr)',
      leastRem: 54,
      cell: unit => <span className={css.pale}>{safeShort(unit.description, 160)}</span>,
    },
    {
      id: 'cpu',
      header: 'CPU',
      width: '4.5rem',
      align: 'end',
      compare: compareNumber(unit => cpuOf(unit, usageOf(unit, uses))),
      cell: unit => <CpuCell unit={unit} />,
    },
    {
      id: 'memory',
      header: 'Memory',
      width: '5.5rem',
      align: 'end',
      compare: compareNumber(unit => memoryOf(unit, usageOf(unit, uses))),
      cell: unit => <MemoryCell unit={unit} />,
    },
    {
      id: 'restarts',
      header: 'Restarts',
      width: '4.5rem',
      leastRem: 48,
      align: 'end',
      compare: compareNumber(unit => unit.restarts),
      cell: unit => <span className={cx(css.number, !unit.restarts && css.pale)}>{formatCount(unit.restarts)}</span>,
    },
    {
      id: 'since',
      header: 'Since',
      width: '5.5rem',
      align: 'end',
      compare: compareNumber(unit => unit.since),
      cell: unit => <RelativeTime at={unit.since} className={css.pale} />,
    },
    {
      id: 'pid',
      header: 'PID',
      width: '4.25rem',
      leastRem: 60,
      align: 'end',
      compare: compareNumber(unit => unit.mainPid),
      cell: unit => <span className={cx(css.number, css.pale)}>{unit.mainPid || unknownValue}</span>,
    },
    { id: 'act', header: 'Action', width: '2.5rem', bareHeader: true, cell: unit => <ActCell unit={unit} /> },
  ]
}

function PinCell(props: { unit: Unit }): ReactNode {
  const { hostId, scope, name, pinned } = props.unit
  const pin = useEngineCommand('unit.pin')
  return (
    <IconButton
      icon={Pin}
      className={cx(css.pin, pinned && css.pinned)}
      label={`${pinned ? 'Unpin' : 'Pin'} ${safeText(name)}`}
      pressed={pinned}
      size="small"
      onClick={() => pin.mutate({ hostId, scope, name, pinned: !pinned })}
    />
  )
}

function StateCell(props: { unit: Unit }): ReactNode {
  return <Status status={shownStatus(props.unit, useContext(ServicesContext).live)} />
}

function NameCell(props: { unit: Unit; scopes: boolean }): ReactNode {
  const { unit, scopes } = props
  return (
    <span className={css.nameCell}>
      <Link className={css.name} to={unitPath(unit)}>
        {safeText(unit.name.replace(/\.service$/, ''))}
      </Link>
      {scopes && unit.scope === 'user' && <span className={css.tag}>user</span>}
    </span>
  )
}

function CpuCell(props: { unit: Unit }): ReactNode {
  const { uses, live } = useContext(ServicesContext)
  const value = live ? cpuOf(props.unit, usageOf(props.unit, uses)) : null
  return <span className={cx(css.number, (value ?? 0) < 1 && css.pale)}>{formatPercent(value)}</span>
}

function MemoryCell(props: { unit: Unit }): ReactNode {
  const { uses, live } = useContext(ServicesContext)
  return (
    <span className={css.number}>{formatBytes(live ? memoryOf(props.unit, usageOf(props.unit, uses)) : null)}</span>
  )
}

function ActCell(props: { unit: Unit }): ReactNode {
  const { live, onRun } = useContext(ServicesContext)
  const verb = mainVerb(props.unit)
  if (!verb) return null
  return <ActionIcon unit={props.unit} verb={verb} onRun={onRun} disabled={!live} />
}
