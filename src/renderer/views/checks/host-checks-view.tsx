// The checks of one host, as a tab of its page. Shows what the engine says and decides nothing.
import { ListChecks, Plus, Sparkles } from 'lucide-react'
import type { ReactNode } from 'react'
import { LinkButton } from '../../components/button.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { useChecks } from '../../data/checks.ts'
import { addCheckPath, suggestionsPath } from '../../lib/places.ts'
import { useHostView } from '../host/host-context.ts'
import { CheckList } from './check-list.tsx'

export function HostChecksView(): ReactNode {
  const { host } = useHostView()
  const checks = useChecks()
  const buttons = (
    <>
      <LinkButton to={suggestionsPath(host.id)} size="small" icon={Sparkles}>
        Suggestions
      </LinkButton>
      <LinkButton to={addCheckPath({ hostId: host.id })} size="small" look="primary" icon={Plus}>
        Add check
      </LinkButton>
    </>
  )
  return (
    <QueryFaces query={checks} failed="The checks could not be read" loading="Reading checks">
      {list => {
        const own = list.filter(view => view.check.hostId === host.id)
        if (own.length > 0) return <CheckList checks={own} ofOneHost aside={buttons} />
        return (
          <EmptyState icon={ListChecks} title="Nothing is checked on this host yet">
            {buttons}
          </EmptyState>
        )
      }}
    </QueryFaces>
  )
}
