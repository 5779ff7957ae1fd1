// The journal of a host: its filters, kept in the address, above the viewer. The engine does the filtering.
import { CalendarClock, Download, TerminalSquare } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { AppError } from '../../../../shared/errors.ts'
import type { HostView } from '../../../../shared/model/host.ts'
import { JournalFilter } from '../../../../shared/model/journal.ts'
import { IconButton } from '../../../components/button.tsx'
import { FilterInput, useRouteValue } from '../../../components/filter-input.tsx'
import { useToast } from '../../../components/toast.tsx'
import { useHosts, useUnits } from '../../../data/hosts.ts'
import { useEngine, useEngineQuery, useShell } from '../../../data/remotes.tsx'
import { formatClock } from '../../../lib/format.ts'
import { safeShort, safeText } from '../../../lib/safe-text.ts'
import { useSettled } from '../../../lib/use-settled.ts'
import { useHostView } from '../host-context.ts'
import css from './journal.module.css'
import { JournalPanel } from './journal-panel.tsx'
import { exportLine, readTime, writeTime } from './journal-text.ts'
import { priorityWords } from './line-row.tsx'

/** An export that would not fit into one file of this size is cut, and says so. */
const mostExportChars = 200_000_000

export function JournalView(): ReactNode {
  const view = useHostView()
  const [text, setText] = useRouteValue('q')
  const [regex, setRegex] = useRouteValue('regex')
  const [invert, setInvert] = useRouteValue('invert')
  const [matchCase, setMatchCase] = useRouteValue('case')
  const [priority, setPriority] = useRouteValue('priority')
  const [unit, setUnit] = useRouteValue('unit')
  const [manager] = useRouteValue('manager')
  const [boot, setBoot] = useRouteValue('boot')
  const [since, setSince] = useRouteValue('since')
  const [until, setUntil] = useRouteValue('until')
  const [others, setOthers] = useRouteValue('with')
  const hosts = useHosts()
  // Each other text is another question to the host.
  const problem = regex === '' ? null : regexProblem(text)
  const pattern = useMemo(() => (problem === null ? { text, regex: regex !== '' } : null), [problem, text, regex])
  const asked = useSettled(pattern, noPattern)
  const filters = useMemo(() => {
    const one = (hostId: string): JournalFilter | null => {
      const parsed = JournalFilter.safeParse({
        hostId,
        scope: manager === 'user' ? 'user' : 'system',
        units: unit ? [unit] : [],
        priority: priority === '' ? null : Number(priority),
        since: readTime(since),
        until: readTime(until),
        boot: boot === '' ? null : Number(boot),
        text: asked.text || null,
        regex: asked.regex,
        invert: invert !== '',
        caseSensitive: matchCase !== '',
      })
      return parsed.success ? parsed.data : null
    }
    const extra = others.split(',').filter(id => id && id !== view.host.id)
    return [view.host.id, ...extra].map(one).filter(filter => filter !== null)
  }, [view.host.id, others, manager, unit, priority, since, until, boot, asked, invert, matchCase])
  const filter = filters[0]
  const names = useMemo(
    () => (filters.length > 1 ? new Map((hosts.data ?? []).map(each => [each.host.id, each.host.name])) : undefined),
    [filters.length, hosts.data],
  )
  return (
    <div className={css.view}>
      <div className={css.bar}>
        <FilterInput label="Filter lines" value={text} onChange={value => setText(value)} />
        <fieldset className={css.toggles}>
          <legend className="visually-hidden">How the text is matched</legend>
          <Toggle label="Regular expression" sign=".*" value={regex} onChange={setRegex} />
          <Toggle label="Match case" sign="Aa" value={matchCase} onChange={setMatchCase} />
          <Toggle label="Show what does not match" sign="!" value={invert} onChange={setInvert} />
        </fieldset>
        <select
          aria-label="Priority"
          value={priority}
          onChange={event => setPriority(event.target.value, { push: true })}
        >
          <option value="">Any priority</option>
          {priorityWords.slice(0, 7).map((word, index) => (
            <option key={word} value={index}>
              {index === 0 ? word : `${word} and worse`}
            </option>
          ))}
        </select>
        <UnitSelect view={view} value={unit} onChange={value => setUnit(value, { push: true })} />
        <BootSelect view={view} value={boot} onChange={value => setBoot(value, { push: true })} />
        <TimeRange since={since} until={until} onSince={setSince} onUntil={setUntil} />
        <OtherHosts view={view} value={others} onChange={value => setOthers(value, { push: true })} />
        {filter && <Tools filter={filter} hostName={view.host.name} />}
        {problem && (
          <p className={css.problem} role="alert">
            {problem}
          </p>
        )}
      </div>
      <JournalPanel filters={filters} hostNames={names} />
    </div>
  )
}

const noPattern = { text: '', regex: false }

/** Said at once, and not asked of the host, before the engine says it; the engine's own dialect (RE2) is stricter and has the last word. */
function regexProblem(text: string): string | null {
  try {
    new RegExp(text)
    return null
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    // The engine of the page repeats the whole expression before it comes to the reason.
    return `Not a regular expression: ${safeText(why.slice(why.lastIndexOf(': ') + 2))}`
  }
}

function Toggle(props: {
  label: string
  sign: string
  value: string
  onChange: (value: string, options?: { push?: boolean }) => void
}): ReactNode {
  const { label, sign, value, onChange } = props
  return (
    <button
      type="button"
      className={css.toggle}
      aria-label={label}
      title={label}
      aria-pressed={value !== ''}
      onClick={() => onChange(value === '' ? '1' : '', { push: true })}
    >
      {sign}
    </button>
  )
}

interface SelectProps {
  readonly view: HostView
  readonly value: string
  readonly onChange: (value: string) => void
}

function UnitSelect(props: SelectProps): ReactNode {
  const { view, value, onChange } = props
  const units = useUnits(view.host.id)
  const names = useMemo(() => [...new Set((units.data ?? []).map(unit => unit.name))].sort(), [units.data])
  return (
    <select aria-label="Service" value={value} onChange={event => onChange(event.target.value)}>
      <option value="">All services</option>
      {value !== '' && !names.includes(value) && <option value={value}>{safeShort(value, 60)}</option>}
      {names.map(name => (
        <option key={name} value={name}>
          {safeShort(name, 60)}
        </option>
      ))}
    </select>
  )
}

function BootSelect(props: SelectProps): ReactNode {
  const { view, value, onChange } = props
  const boots = useEngineQuery('journal.boots', view.host.id, { enabled: view.connection.state === 'ready' })
  return (
    <select aria-label="Boot" value={value} onChange={event => onChange(event.target.value)}>
      <option value="">All boots</option>
      {(boots.data ?? []).map(boot => (
        <option key={boot.bootId} value={boot.index}>
          {boot.index === 0 ? 'This boot' : `Boot ${boot.index}`}, from {formatClock(boot.firstAt, Date.now())}
        </option>
      ))}
    </select>
  )
}

function TimeRange(props: {
  since: string
  until: string
  onSince: (value: string) => void
  onUntil: (value: string) => void
}): ReactNode {
  const { since, until, onSince, onUntil } = props
  const [open, setOpen] = useState(since !== '' || until !== '')
  if (!open) return <IconButton icon={CalendarClock} label="Limit the time" onClick={() => setOpen(true)} />
  const field = (label: string, value: string, onChange: (value: string) => void): ReactNode => (
    <input
      type="datetime-local"
      step={1}
      aria-label={label}
      title={label}
      value={writeTime(readTime(value))}
      onChange={event => onChange(event.target.value)}
    />
  )
  return (
    <>
      {field('From', since, onSince)}
      {field('Until', until, onUntil)}
      <IconButton
        icon={CalendarClock}
        label="Show all times"
        pressed
        onClick={() => {
          onSince('')
          onUntil('')
          setOpen(false)
        }}
      />
    </>
  )
}

/** Other hosts whose lines are shown among this one's, by time of arrival. */
function OtherHosts(props: SelectProps): ReactNode {
  const { view, value, onChange } = props
  const hosts = useHosts()
  const others = (hosts.data ?? []).filter(each => each.host.id !== view.host.id)
  if (others.length === 0) return null
  const chosen = value.split(',').filter(Boolean)
  return (
    <select
      aria-label="With other hosts"
      value={chosen.length === 0 ? '' : chosen.length >= others.length ? 'all' : (chosen[0] ?? '')}
      onChange={event =>
        onChange(event.target.value === 'all' ? others.map(each => each.host.id).join(',') : event.target.value)
      }
    >
      <option value="">This host only</option>
      {others.map(({ host }) => (
        <option key={host.id} value={host.id}>
          With {safeShort(host.name, 40)}
        </option>
      ))}
      {others.length > 1 && <option value="all">With all hosts</option>}
    </select>
  )
}

function Tools(props: { filter: JournalFilter; hostName: string }): ReactNode {
  const { filter, hostName } = props
  const engine = useEngine()
  const shell = useShell()
  const toast = useToast()
  const [exporting, setExporting] = useState(false)
  const failed = (title: string) => (error: unknown) =>
    toast({ tone: 'unhealthy', title, text: AppError.from(error).message })
  const copy = async (): Promise<void> => {
    const text = await engine.call('journal.command', filter)
    await shell.call('clipboard.writeText', text)
    toast({ tone: 'healthy', title: 'Command copied', text })
  }
  const download = async (): Promise<void> => {
    const parts: string[] = []
    let chars = 0
    for await (const batch of engine.stream('journal.export', filter, { credit: 64 })) {
      const part = batch.map(exportLine).join('')
      parts.push(part)
      chars += part.length
      if (chars > mostExportChars) {
        toast({
          tone: 'degraded',
          title: 'The download was cut',
          text: 'Narrow the filter or the time to have all of it.',
        })
        break
      }
    }
    const suggestedName = `${hostName.replace(/[^A-Za-z0-9-]+/g, '-')}-journal.log`
    const path = await shell.call('dialog.saveText', { suggestedName, text: parts.join('') })
    if (path !== null) toast({ tone: 'healthy', title: 'Saved', text: path })
  }
  return (
    <div className={css.tools}>
      <IconButton
        icon={TerminalSquare}
        label="Copy the journalctl command"
        onClick={() => void copy().catch(failed('The command could not be copied'))}
      />
      <IconButton
        icon={Download}
        label="Download"
        loading={exporting}
        onClick={() => {
          setExporting(true)
          void download()
            .catch(failed('The journal could not be downloaded'))
            .finally(() => setExporting(false))
        }}
      />
    </div>
  )
}
