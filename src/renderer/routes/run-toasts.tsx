// Says how an action ended, wherever the person is by then. Knows nothing of how it was started.
import { useLocation } from 'react-router'
import { useToast } from '../components/toast.tsx'
import { useEngineEvent } from '../data/remotes.tsx'
import { unitPath } from '../lib/places.ts'
import { outcomeStatus } from '../lib/status.ts'
import { verbName } from '../views/activity/audit-words.ts'

export function RunToasts(): null {
  const toast = useToast()
  const { pathname } = useLocation()
  useEngineEvent('action.changed', run => {
    if (run.outcome === 'running' || run.actor !== 'person') return
    const path = unitPath({ hostId: run.hostId, scope: run.scope, name: run.unit })
    // On the service's own page the outcome is there already, with its evidence.
    if (decodeURIComponent(pathname) === decodeURIComponent(path)) return
    const status = outcomeStatus(run.outcome)
    const failing = run.evidence.find(item => !item.ok)?.text ?? run.error?.message ?? run.evidence.at(-1)?.text
    toast({
      id: run.id,
      tone: status.tone,
      title: `${verbName(`unit.${run.verb}`)} ${run.unit}: ${status.word.toLowerCase()}`,
      ...(failing === undefined ? {} : { text: failing }),
      link: { to: path, label: 'Show service' },
    })
  })
  return null
}
