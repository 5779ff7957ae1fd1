// A host key as a person compares it, and how to get the true one; shared by first trust and the changed key.
import type { ReactNode } from 'react'
import type { HostKey } from '../../../shared/model/host.ts'
import { Command, CopyButton } from '../../components/command.tsx'
import { Fact, Facts } from '../../components/page.tsx'
import { safeText } from '../../lib/safe-text.ts'
import css from './host-key.module.css'

export function KeyFacts(props: { offered: HostKey }): ReactNode {
  const { offered } = props
  const fingerprint = safeText(offered.fingerprint)
  return (
    <>
      <Facts>
        <Fact name="Fingerprint">
          <span className={css.fingerprint}>
            <code>{fingerprint}</code>
            <CopyButton text={fingerprint} label="Copy fingerprint" />
          </span>
        </Fact>
        <Fact name="Key type">
          <code>{safeText(offered.type)}</code>
        </Fact>
      </Facts>
      <p>To check it, run this on the server itself, for example in your provider’s web console:</p>
      <Command text={`ssh-keygen -lf ${publicKeyFile(offered.type)}`} />
    </>
  )
}

/** Where sshd keeps the public key of this type. */
export function publicKeyFile(type: string): string {
  const name = type.startsWith('ecdsa') ? 'ecdsa' : type.includes('rsa') ? 'rsa' : 'ed25519'
  return `/etc/ssh/ssh_host_${name}_key.pub`
}
