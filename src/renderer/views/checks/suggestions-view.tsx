// Checks that would be of use on a host: the default rules and what was found running there. Nothing is watched until it is taken.
import { Check, Sparkles, X } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { CheckProposal } from '../../../shared/model/check.ts'
import { localHostId } from '../../../shared/model/host.ts'
import { Button, ButtonRow, IconButton, LinkButton } from '../../components/button.tsx'
import { Pale, TwoLines } from '../../components/cells.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { FieldError } from '../../components/field.tsx'
import { useRouteValue } from '../../components/filter-input.tsx'
import { HostSelect } from '../../components/host-select.tsx'
import { Page, Panel } from '../../components/page.tsx'
import { useProposals } from '../../data/checks.ts'
import { useHosts } from '../../data/hosts.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { intervalText } from '../../lib/check-status.ts'
import { errorText } from '../../lib/error-text.ts'
import { addLoginPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './checks.module.css'

const groupTitles: Record<CheckProposal['group'], string> = {
  host: 'The host itself',
  unit: 'Services',
  port: 'Listening ports',
  endpoint: 'Health endpoints',
  database: 'Databases',
  certificate: 'Certificates',
  login: 'Logins',
}

export function SuggestionsView(): ReactNode {
  const { data: hosts = [] } = useHosts()
  const [chosen, setChosen] = useRouteValue('host')
  const first = hosts.find(view => view.host.kind === 'ssh' && view.connection.state === 'ready')?.host.id
  const hostId = chosen || first || localHostId
  return (
    <Page title="Suggested checks" body="read">
      <HostSelect label="Host" value={hostId} onChange={event => setChosen(event.target.value, { push: true })} />
      <Proposals key={hostId} hostId={hostId} />
    </Page>
  )
}

function Proposals(props: { hostId: string }): ReactNode {
  const proposals = useProposals(props.hostId)
  return (
    <QueryFaces query={proposals} failed="The host could not be looked through" loading="Looking through the host">
      {list =>
        list.length === 0 ? (
          <EmptyState
            icon={Sparkles}
            title="Nothing more to suggest here"
            text="Everything that was found is checked already, or was dismissed."
          />
        ) : (
          <Groups list={list} reload={() => void proposals.refetch()} />
        )
      }
    </QueryFaces>
  )
}

function Groups(props: { list: readonly CheckProposal[]; reload: () => void }): ReactNode {
  const { list, reload } = props
  const add = useEngineCommand('check.add')
  const dismiss = useEngineCommand('check.dismissProposal')
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set())
  const groups = [...new Set(list.map(each => each.group))]

  const take = async (offers: readonly CheckProposal[]): Promise<void> => {
    setBusy(new Set(offers.map(offer => offer.key)))
    try {
      for (const offer of offers) await add.mutateAsync({ draft: offer.draft, secrets: {} })
    } catch {
      // shown below, by the command's own error
    } finally {
      setBusy(new Set())
      reload()
    }
  }
  const error = add.error ?? dismiss.error
  return (
    <>
      {error && <FieldError>{errorText(error)}</FieldError>}
      {groups.map(group => {
        const offers = list.filter(each => each.group === group)
        return (
          <Panel
            key={group}
            title={groupTitles[group]}
            aside={
              group !== 'login' &&
              offers.length > 1 && (
                <Button size="small" icon={Check} loading={busy.size > 1} onClick={() => void take(offers)}>
                  Take all {offers.length}
                </Button>
              )
            }
          >
            <ul className={css.list}>
              {offers.map(offer => (
                <li key={offer.key} className={css.offer}>
                  <TwoLines>
                    <span>{safeText(offer.draft.name)}</span>
                    <Pale>
                      {safeText(offer.reason).replace(/\.$/, '')}. Every {intervalText(offer.draft.intervalSeconds)}.
                    </Pale>
                  </TwoLines>
                  <ButtonRow>
                    {group === 'login' ? (
                      // what it logs in to is for a person to say
                      <LinkButton size="small" to={addLoginPath(placeOf(offer))}>
                        Watch this
                      </LinkButton>
                    ) : (
                      <Button size="small" loading={busy.has(offer.key)} onClick={() => void take([offer])}>
                        Watch this
                      </Button>
                    )}
                    <IconButton
                      icon={X}
                      size="small"
                      label={`Dismiss ${safeText(offer.draft.name)}`}
                      onClick={() =>
                        dismiss.mutate({ hostId: offer.draft.hostId, key: offer.key }, { onSuccess: reload })
                      }
                    />
                  </ButtonRow>
                </li>
              ))}
            </ul>
          </Panel>
        )
      })}
    </>
  )
}

function placeOf({ draft }: CheckProposal): { hostId: string; path: string } {
  return { hostId: draft.hostId, path: typeof draft.spec.path === 'string' ? draft.spec.path : '/' }
}
