// What the whole window has to say about the app itself: the engine, the vault, the database. Knows no host.
import { lazy, type ReactNode, Suspense, useState } from 'react'
import type { EngineProcessState } from '../../shared/contract/shell.ts'
import { Banner } from '../components/banner.tsx'
import { Button } from '../components/button.tsx'
import { useSettings, useVault } from '../data/hosts.ts'
import {
  fresh,
  useEngineCommand,
  useEngineQuery,
  useShellCommand,
  useShellEvent,
  useShellQuery,
} from '../data/remotes.tsx'
import { safeText } from '../lib/safe-text.ts'
import { KeyringRetry } from '../views/vault/keyring-retry.tsx'

// Of no use where the vault is open, which it mostly is.
const UnlockDialog = lazy(async () => ({ default: (await import('../views/vault/unlock-dialog.tsx')).UnlockDialog }))

export function Banners(): ReactNode {
  return (
    <div>
      <EngineBanner />
      <StoreBanners />
      <OfflineBanner />
      <VaultBanner />
      <AutomationBanner />
    </div>
  )
}

/** Comes from the shell, which notices at once that the engine died; goes by itself when it runs again. */
function EngineBanner(): ReactNode {
  const initial = useShellQuery('engine.state', undefined)
  const [told, setTold] = useState<EngineProcessState | null>(null)
  const restart = useShellCommand('engine.restart')
  useShellEvent('engine.stateChanged', setTold)
  const state = told ?? initial.data
  if (!state || state.state === 'running' || (state.state === 'starting' && state.crashes === 0)) return null
  const stopped = state.state === 'stopped'
  return (
    <Banner
      tone="unhealthy"
      actions={
        (stopped || state.crashes > 2) && (
          <Button size="small" onClick={() => restart.mutate(undefined)} loading={restart.isPending}>
            Start now
          </Button>
        )
      }
    >
      {stopped ? 'Monitoring engine stopped.' : 'Monitoring engine stopped; restarting…'} What you see is not up to
      date.
    </Banner>
  )
}

function StoreBanners(): ReactNode {
  const health = useEngineQuery('engine.health', undefined, fresh)
  const [seen, setSeen] = useState<string | null>(null)
  const { storeProblem = null, setAside = null, restored = null } = health.data ?? {}
  return (
    <>
      {storeProblem !== null && (
        <Banner tone="unhealthy">
          {safeText(storeProblem)} Monitoring goes on; history is kept again as soon as it can be written.
        </Banner>
      )}
      {setAside !== null && setAside !== seen && (
        <Banner
          tone="degraded"
          actions={
            <Button size="small" onClick={() => setSeen(setAside)}>
              Dismiss
            </Button>
          }
        >
          The database was damaged and has been set aside, nothing was deleted: {safeText(setAside)}
          {restored !== null && ` It goes on from the copy ${safeText(restored)}.`}
        </Banner>
      )}
    </>
  )
}

/** No host is called down meanwhile: nothing is known of any. */
function OfflineBanner(): ReactNode {
  const health = useEngineQuery('engine.health', undefined, fresh)
  const offline = health.data?.offline ?? null
  if (offline === null) return null
  return (
    <Banner tone="unknown">
      This computer is offline. {safeText(offline)}. Nothing is known of your hosts until it is online again; no alerts
      are raised meanwhile.
    </Banner>
  )
}

/** Switched off in the middle of a night, it must not be forgotten. */
function AutomationBanner(): ReactNode {
  const settings = useSettings()
  const save = useEngineCommand('settings.set')
  if (settings.data?.automation !== false) return null
  return (
    <Banner
      tone="degraded"
      actions={
        <Button size="small" onClick={() => save.mutate({ automation: true })} loading={save.isPending}>
          Switch on again
        </Button>
      }
    >
      Mending by rule is switched off. Whatever fails waits for you.
      {save.error && ` Not saved: ${safeText(save.error.message)}`}
    </Banner>
  )
}

/** The dialog comes once by itself; who puts it off finds the banner. */
function VaultBanner(): ReactNode {
  const vault = useVault()
  const [putOff, setPutOff] = useState(false)
  if (vault.data?.state !== 'locked') return null
  if (vault.data.protection === 'keyring') {
    return (
      <Banner tone="waiting" actions={<KeyringRetry size="small" />}>
        The vault is locked. {safeText(vault.data.reason ?? '')} Unlock your desktop’s keyring, then ask it again.
      </Banner>
    )
  }
  return (
    <>
      <Banner
        tone="waiting"
        actions={
          <Button size="small" onClick={() => setPutOff(false)}>
            Unlock
          </Button>
        }
      >
        The vault is locked. Hosts whose password or passphrase is stored cannot connect.
      </Banner>
      <Suspense>
        <UnlockDialog open={!putOff} onClose={() => setPutOff(true)} />
      </Suspense>
    </>
  )
}
