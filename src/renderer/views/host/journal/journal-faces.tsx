// What the journal viewer says besides its lines. Knows nothing of how lines are drawn.
import { ScrollText } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { Button } from '../../../components/button.tsx'
import { EmptyState, LoadingState } from '../../../components/faces.tsx'
import { formatCount } from '../../../lib/format.ts'
import css from './journal.module.css'
import type { Journal } from './use-journal.ts'

const patienceMs = 3_000

/** What stands above the lines: earlier ones, how many there are, what went wrong on the way. */
export function Earlier(props: { journal: Journal }): ReactNode {
  const { journal } = props
  const { earlier, store } = journal
  if (store.length === 0) return null
  return (
    <div className={css.earlier}>
      {!earlier.more ? (
        <span>The journal begins here</span>
      ) : store.full ? (
        store.dropped === 0 && <span>No more lines fit; narrow the filter or the time for earlier ones</span>
      ) : (
        <Button size="small" look="quiet" onClick={journal.loadEarlier} loading={earlier.loading}>
          Load earlier
        </Button>
      )}
      {earlier.error && <span className={css.bad}>{earlier.error.message}</span>}
      {store.dropped > 0 && <span>{formatCount(store.dropped)} older lines were let go to save memory</span>}
      <span className={css.count}>{store.length === 1 ? '1 line' : `${formatCount(store.length)} lines`}</span>
      {journal.state === 'failed' && journal.error && (
        <span className={css.bad}>
          {journal.error.message}{' '}
          <Button size="small" onClick={journal.retry}>
            Try again
          </Button>
        </span>
      )}
    </div>
  )
}

/** Nothing tells that a search has found nothing yet, so that after a moment both are said. */
export function NoLines(props: { state: Journal['state'] }): ReactNode {
  const { state } = props
  const [patient, setPatient] = useState(true)
  useEffect(() => {
    const timer = setTimeout(() => setPatient(false), patienceMs)
    return () => clearTimeout(timer)
  }, [])
  if (state === 'starting' && patient) return <LoadingState label="Reading the journal" />
  return (
    <EmptyState
      icon={ScrollText}
      title={state === 'starting' ? 'No lines match so far' : 'No lines match'}
      text="New ones appear here as they are written."
    />
  )
}
