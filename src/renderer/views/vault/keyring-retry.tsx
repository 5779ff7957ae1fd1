// A vault under the keyring that did not open: what the person does is outside of the app, then the engine asks the keyring anew.
import type { ReactNode } from 'react'
import { Button } from '../../components/button.tsx'
import { useShellCommand } from '../../data/remotes.tsx'

export function KeyringRetry(props: { size?: 'normal' | 'small' }): ReactNode {
  const restart = useShellCommand('engine.restart')
  return (
    <Button size={props.size ?? 'normal'} onClick={() => restart.mutate(undefined)} loading={restart.isPending}>
      Ask the keyring again
    </Button>
  )
}
