// The contract's handlers for logins: thin, with an audit entry for whatever a person changed. No value of a cookie leaves through them.
import type { AuditVerb } from '../../shared/model/audit.ts'
import type { Login, LoginDraft } from '../../shared/model/login.ts'
import type { Services } from './services.ts'

type Context = { signal: AbortSignal }

export const loginHandlers = ({ audit, deactivation, fleet, logins, renewals }: Services) => {
  const record = (verb: AuditVerb, login: Login): void =>
    audit.record({ actor: 'person', verb, hostId: login.hostId, target: login.name })
  return {
    'login.sites': () => logins.sites(),
    'login.list': () => logins.list(),
    'login.get': (id: string) => logins.view(id),
    'login.add': ({ draft }: { draft: LoginDraft }) => {
      const login = logins.add(draft)
      record('login.add', login)
      return login
    },
    'login.edit': ({ id, draft }: { id: string; draft: LoginDraft }) => {
      const login = logins.edit(id, draft)
      record('login.edit', login)
      return login
    },
    'login.remove': async ({ id, startServices }: { id: string; startServices: boolean }) => {
      if (startServices) await deactivation.release(id, 'person')
      record('login.remove', logins.remove(id))
    },
    'login.inspect': ({ hostId, path }: { hostId: string; path: string }) => {
      fleet.host(hostId)
      return logins.inspect(hostId, path)
    },
    'login.prove': (id: string) => logins.prove(id),
    'login.paste': ({ id, text }: { id: string; text: string }) => logins.candidates.paste(id, text),
    'login.capture': (id: string, { signal }: Context) => logins.candidates.capture(id, signal),
    'login.candidate': ({ id, source }: { id: string; source: 'file-on-host' | 'last-push' }) =>
      logins.candidates.offer(id, source),
    'login.discard': (id: string) => logins.candidates.discard(id),
    'login.renew': ({ candidateId, despiteProblems }: { candidateId: string; despiteProblems: boolean }) =>
      renewals.renew(candidateId, { despiteProblems, actor: 'person' }),
    'login.renewals': ({ id, limit }: { id: string; limit: number }) => renewals.list(id, limit),
    'login.adopt': async (id: string) => {
      await logins.adopt(id)
      record('login.adopt', logins.stored(id).login)
    },
  }
}
