// The demo's answers about logins. Knows nothing of ports. Never part of the app.
import { siteProfiles } from '../../../src/engine/domain/site-profiles.ts'
import type { EngineContract } from '../../../src/shared/contract/engine.ts'
import { AppError } from '../../../src/shared/errors.ts'
import type { LoginCandidate, LoginView, RenewalRun } from '../../../src/shared/model/login.ts'
import type { Handlers, Server } from '../../../src/shared/rpc/server.ts'
import { renewalsOf } from './logins-made.ts'
import type { World } from './world.ts'

type LoginCalls = Pick<Handlers<EngineContract>, Extract<keyof Handlers<EngineContract>, `login.${string}`>>

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const day = 86_400_000

export function loginHandlers(world: World, emit: Server<EngineContract>['emit']): LoginCalls {
  const candidates = new Map<string, LoginCandidate>()
  const runs = new Map<string, RenewalRun[]>()
  const viewOf = (id: string): LoginView => {
    const view = world.logins.get(id)
    if (!view) throw new AppError('NOT_FOUND', 'This login is not there any more')
    return view
  }
  const put = (view: LoginView): LoginView => {
    world.logins.set(view.login.id, view)
    emit('login.changed', view)
    return view
  }
  const offer = (id: string, source: LoginCandidate['source']): LoginCandidate => {
    const { login, file } = viewOf(id)
    const facts = file?.cookies ?? []
    const candidate: LoginCandidate = {
      id: `candidate-${candidates.size + 1}`,
      loginId: login.id,
      source,
      from: 'json',
      to: file?.format ?? 'netscape',
      changes: facts.map((before, index) => ({
        change: index === 0 ? 'changed' : 'same',
        before,
        after: index === 0 ? { ...before, expiresAt: Date.now() + 365 * day } : before,
      })),
      problems: [],
      warnings: ['2 cookies of other domains left out'],
    }
    candidates.set(candidate.id, candidate)
    return candidate
  }
  const carryOut = async (run: RenewalRun): Promise<void> => {
    const steps = [...run.steps]
    for (const step of ['read', 'back-up', 'write', 'read-back', 'restart', 'prove'] as const) {
      steps.push({ step, outcome: 'running', text: '' })
      const now = { ...run, steps: [...steps] }
      runs.set(run.loginId, [now, ...(runs.get(run.loginId) ?? []).filter(other => other.id !== run.id)])
      emit('renewal.changed', now)
      await wait(500)
      steps[steps.length - 1] = { step, outcome: 'done', text: '' }
    }
    const done: RenewalRun = { ...run, steps, outcome: 'verified', finishedAt: Date.now() }
    runs.set(run.loginId, [done, ...(runs.get(run.loginId) ?? []).filter(other => other.id !== run.id)])
    emit('renewal.changed', done)
  }
  return {
    'login.sites': () => [...siteProfiles],
    'login.list': () => [...world.logins.values()],
    'login.get': viewOf,
    'login.add': ({ draft }) => {
      const id = `login-${world.logins.size + 1}`
      const login = { ...draft, id, createdAt: Date.now(), checkId: `check-${id}` }
      put({
        login,
        file: null,
        fileAt: null,
        proofs: [],
        expiresAt: null,
        pushedAt: null,
        drifted: null,
        deactivated: false,
        keepAlive: null,
      })
      return login
    },
    'login.edit': ({ id, draft }) => {
      const view = viewOf(id)
      return put({ ...view, login: { ...view.login, ...draft } }).login
    },
    'login.remove': ({ id }) => {
      world.logins.delete(id)
      emit('login.removed', id)
    },
    'login.inspect': async ({ path }) => {
      await wait(400)
      const known = [...world.logins.values()].find(view => view.login.path === path)?.file
      if (known) return known
      return {
        sha256: null,
        format: null,
        bytes: null,
        mode: null,
        owner: null,
        group: null,
        modifiedAt: null,
        cookies: [],
        problems: ['There is no such file on the host'],
      }
    },
    'login.prove': async () => {
      await wait(300)
    },
    'login.paste': async ({ id, text }) => {
      await wait(300)
      if (!/[={\t]/.test(text))
        throw new AppError('INVALID_INPUT', 'It is none of the formats that are known', {
          hint: 'Export the cookies again, or paste all of it.',
        })
      return offer(id, 'pasted')
    },
    'login.capture': async id => {
      await wait(1_200)
      return offer(id, 'window')
    },
    'login.candidate': ({ id, source }) => offer(id, source),
    'login.discard': id => void candidates.delete(id),
    'login.renew': ({ candidateId }) => {
      const candidate = candidates.get(candidateId)
      if (!candidate) throw new AppError('NOT_FOUND', 'These cookies are no longer held')
      const run: RenewalRun = {
        id: `ren-${Date.now()}`,
        loginId: candidate.loginId,
        startedAt: Date.now(),
        finishedAt: null,
        outcome: 'running',
        steps: [],
        evidence: [],
        backup: null,
      }
      void carryOut(run)
      return run
    },
    'login.renewals': ({ id }) => [...(runs.get(id) ?? []), ...renewalsOf(id, Date.now())],
    'login.adopt': id => void put({ ...viewOf(id), drifted: false }),
  }
}
