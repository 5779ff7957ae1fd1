// The screens on which a check is made or changed: first the kind is chosen, then its form is filled in.
import { ListX } from 'lucide-react'
import type { ReactNode } from 'react'
import { useParams, useSearchParams } from 'react-router'
import type { CheckDraft, CheckKind, CheckView } from '../../../shared/model/check.ts'
import { localHostId } from '../../../shared/model/host.ts'
import { LinkButton } from '../../components/button.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { KindCards } from '../../components/kind-cards.tsx'
import { Page } from '../../components/page.tsx'
import { useCheckKinds, useChecks } from '../../data/checks.ts'
import { fieldsOf, initialSpec } from '../../lib/json-schema.ts'
import { places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { unitOfKey } from '../../lib/unit-of-key.ts'
import { CheckForm } from './check-form.tsx'

/** `?host=…&type=…&unit=system/bot.service&pattern=…` fills in what is known already. */
export function NewCheckView(): ReactNode {
  const kinds = useCheckKinds()
  const [params] = useSearchParams()
  const type = params.get('type')
  return (
    <Page title="Add check" body="scroll">
      <QueryFaces query={kinds} failed="The kinds of checks could not be read">
        {list => {
          const kind = list.find(each => each.type === type && each.addable)
          if (!kind) return <Kinds kinds={list.filter(each => each.addable)} />
          return <CheckForm key={kind.type} kind={kind} check={null} draft={freshDraft(kind, params)} />
        }}
      </QueryFaces>
    </Page>
  )
}

export function EditCheckView(): ReactNode {
  const { checkId = '' } = useParams()
  const kinds = useCheckKinds()
  // of the list, so that the form is not filled anew by each probe while it is open
  const checks = useChecks()
  const name = checks.data?.find(view => view.check.id === checkId)?.check.name
  return (
    <Page title={name === undefined ? 'Edit check' : `Edit ${safeText(name)}`} body="scroll">
      <QueryFaces query={kinds} failed="The kinds of checks could not be read">
        {list => (
          <QueryFaces query={checks} failed="The check could not be read">
            {views => <Edit view={views.find(view => view.check.id === checkId)} kinds={list} />}
          </QueryFaces>
        )}
      </QueryFaces>
    </Page>
  )
}

function Edit(props: { view: CheckView | undefined; kinds: readonly CheckKind[] }): ReactNode {
  const check = props.view?.check
  const kind = props.kinds.find(each => each.type === check?.type)
  if (!check || !kind)
    return (
      <EmptyState icon={ListX} title="There is no such check">
        <LinkButton to={places.checks}>Show all checks</LinkButton>
      </EmptyState>
    )
  const { id: _, builtIn: __, createdAt: ___, stored: ____, ...draft } = check
  return <CheckForm key={check.id} kind={kind} check={check} draft={draft} />
}

function Kinds(props: { kinds: readonly CheckKind[] }): ReactNode {
  const [, setParams] = useSearchParams()
  const choose = (type: string): void =>
    setParams(old => {
      const next = new URLSearchParams(old)
      next.set('type', type)
      return next
    })
  return <KindCards question="What should be asked?" kinds={props.kinds} onChoose={choose} />
}

function freshDraft(kind: CheckKind, params: URLSearchParams): CheckDraft {
  const unit = unitOfKey(params.get('unit') ?? '')
  return {
    hostId: params.get('host') ?? localHostId,
    type: kind.type,
    name: freshName(kind, unit?.name ?? null),
    spec: freshSpec(kind, params.get('pattern')),
    unit,
    enabled: true,
    vantage: kind.vantages[0] ?? 'host',
    ...kind.defaults,
    dependsOn: [],
    tags: [],
  }
}

/** `Journal pattern of bot`; a person may call it something else. */
function freshName(kind: CheckKind, unit: string | null): string {
  return unit === null ? kind.title : `${kind.title} of ${unit.replace(/\.service$/, '')}`.slice(0, 100)
}

function freshSpec(kind: CheckKind, pattern: string | null): CheckDraft['spec'] {
  const fields = fieldsOf(kind.schema)
  const spec = initialSpec(fields)
  return pattern !== null && fields.some(field => field.name === 'pattern') ? { ...spec, pattern } : spec
}
