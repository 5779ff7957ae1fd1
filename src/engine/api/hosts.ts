// The contract's handlers for hosts: thin, with an audit entry for whatever a person changed.
import type { AuditVerb } from '../../shared/model/audit.ts'
import type { HostDraft, HostKey, HostRemoval, HostSecrets } from '../../shared/model/host.ts'
import type { ClientSession, Services } from './services.ts'

export const hostHandlers = (services: Services, client: ClientSession) => {
  const { fleet, hostRemoval, audit } = services
  const record = (verb: AuditVerb, hostId: string | null, target: string): void =>
    audit.record({ actor: 'person', verb, hostId, target })
  return {
    'host.list': () => fleet.views(),
    'host.get': (id: string) => fleet.session(id).view(),
    'host.add': async ({ draft, secrets }: { draft: HostDraft; secrets: HostSecrets }) => {
      const host = await fleet.add(draft, secrets)
      record('host.add', host.id, host.name)
      return host
    },
    'host.edit': async ({ id, draft, secrets }: { id: string; draft: HostDraft; secrets: HostSecrets }) => {
      const host = await fleet.edit(id, draft, secrets)
      record('host.edit', id, host.name)
      return host
    },
    'host.remove': async (removal: HostRemoval) => {
      const { name } = fleet.host(removal.id)
      await hostRemoval.remove(removal)
      record('host.remove', null, name)
    },
    'host.test': (
      { id, draft, secrets }: { id: string | null; draft: HostDraft; secrets: HostSecrets },
      { signal }: { signal: AbortSignal },
    ) => services.testConnection(id, draft, secrets, signal),
    'host.trustKey': ({ address, port, key }: { address: string; port: number; key: HostKey }) => {
      services.trustKey(address, port, key)
      record('host-key.trust', null, `${address}:${port} ${key.fingerprint}`)
      for (const session of fleet.sessions()) {
        const { host, link } = session
        if (host.address === address && host.port === port && link.status.state.startsWith('host-key-')) link.start()
      }
    },
    'host.forgetKey': (id: string) => {
      const { address, port, name } = fleet.host(id)
      services.forgetKeys(address, port)
      record('host-key.forget', id, name)
      fleet.connect(id)
    },
    'host.connect': (id: string) => fleet.connect(id),
    'host.disconnect': (id: string) => fleet.disconnect(id),
    'host.importList': () => services.sshConfigHosts(),
    'host.watch': (id: string | null) => client.watch(id),
  }
}
