// All checks, trouble first. Shows what the engine says and decides nothing.
import { ListChecks, Plus, Sparkles } from 'lucide-react'
import type { ReactNode } from 'react'
import { LinkButton } from '../../components/button.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { Page } from '../../components/page.tsx'
import { useChecks } from '../../data/checks.ts'
import { places } from '../../lib/places.ts'
import { CheckList } from './check-list.tsx'

export function ChecksView(): ReactNode {
  const checks = useChecks()
  return (
    <Page
      title="Checks"
      body="fill"
      actions={
        <>
          <LinkButton to={places.suggestions} icon={Sparkles}>
            Suggestions
          </LinkButton>
          <LinkButton to={places.addCheck} look="primary" icon={Plus}>
            Add check
          </LinkButton>
        </>
      }
    >
      <QueryFaces query={checks} failed="The checks could not be read" loading="Reading checks">
        {list => (list.length === 0 ? <NoChecks /> : <CheckList checks={list} />)}
      </QueryFaces>
    </Page>
  )
}

function NoChecks(): ReactNode {
  return (
    <EmptyState
      icon={ListChecks}
      title="Nothing is checked yet"
      text="A check asks again and again whether something works, and alerts when it does not."
    >
      <LinkButton to={places.suggestions} look="primary" icon={Sparkles}>
        Show suggestions
      </LinkButton>
    </EmptyState>
  )
}
