// The journal of a host: its filters, kept in the address, above the viewer. The engine does the filtering.
import { Download, TerminalSquare } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { AppError } from '../../../../shared/errors.ts'
import { JournalFilter } from '../../../../shared/model/journal.ts'
import { IconButton } from '../../../components/button.tsx'
import { FilterInput, useRouteValue } from '../../../components/filter-input.tsx'
import { TabPage } from '../../../components/tab-page.tsx'
import { useToast } from '../../../components/toast.tsx'
import { useHosts } from '../../../data/hosts.ts'
import { useEngine, useShell } from '../../../data/remotes.tsx'
import { safeText } from '../../../lib/safe-text.ts'
import { useSettled } from '../../../lib/use-settled.ts'
import { useHostView } from '../host-context.ts'
import css from './journal.module.css'
import { JournalPanel } from './journal-panel.tsx'
import { BootSelect, OtherHosts, TimeRange, Toggle, UnitSelect } from './journal-selects.tsx'
import { exportLine, readTime } from './journal-text.ts'
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
    <TabPage
      barClassName={css.bar}
      bar={
        <>
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
        </>
      }
    >
      <JournalPanel filters={filters} hostNames={names} />
    </TabPage>
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
