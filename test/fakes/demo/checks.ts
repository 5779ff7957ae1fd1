// The demo's answers about checks: kinds, lists, uptime, trying one out. Knows nothing of ports. Never part of the app.
import type { EngineContract } from '../../../src/shared/contract/engine.ts'
import { AppError } from '../../../src/shared/errors.ts'
import type { Check, CheckDraft, CheckView, Probe, Uptime } from '../../../src/shared/model/check.ts'
import type { Handlers, Server } from '../../../src/shared/rpc/server.ts'
import { complete } from './complete.ts'
import { checkKinds } from './kinds.ts'
import { entryOf } from './measure.ts'
import { hash } from './units.ts'
import type { World } from './world.ts'

type CheckCalls = Pick<
  Handlers<EngineContract>,
  | 'check.kinds'
  | 'check.list'
  | 'check.get'
  | 'check.add'
  | 'check.edit'
  | 'check.remove'
  | 'check.try'
  | 'check.probe'
  | 'check.uptime'
  | 'unit.uptime'
  | 'check.previewJournal'
  | 'check.proposals'
  | 'check.dismissProposal'
>

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const day = 86_400_000
const windows = [
  ['24h', 1],
  ['7d', 7],
  ['30d', 30],
  ['90d', 90],
] as const

/** Different for each subject and window, and not known beyond the first 40 days. */
function uptimeOf(seed: string): Uptime[] {
  return windows.map(([window, days]) => {
    const known = Math.min(days, 40) * day
    const down = ((hash(seed + window) % 1000) / 1000) ** 3 * known * 0.02
    const maintenance = days > 1 ? known * 0.004 : 0
    const gap = known * 0.01
    const up = known - down - gap - maintenance
    return { window, percent: (up / (up + down)) * 100, up, down, unknown: days * day - known + gap, maintenance }
  })
}

export function checkHandlers(world: World, emit: Server<EngineContract>['emit']): CheckCalls {
  for (const [id, view] of world.checks) world.checks.set(id, { ...view, check: complete(checkKinds, view.check) })
  const get = (id: string): CheckView => {
    const view = world.checks.get(id)
    if (!view) throw new AppError('NOT_FOUND', 'That check is not there any more')
    return view
  }
  const put = (view: CheckView): CheckView => {
    world.checks.set(view.check.id, view)
    emit('check.changed', view)
    return view
  }
  const probeOf = (checkId: string, draft: CheckDraft): Probe => {
    const bad = JSON.stringify(draft.spec).includes('nowhere')
    return {
      checkId,
      at: Date.now(),
      status: bad ? 'unhealthy' : 'healthy',
      latencyMs: 12 + (hash(checkId) % 90),
      message: bad ? 'connect ECONNREFUSED 127.0.0.1' : '200 in 14 ms; every condition holds',
      cause: bad ? 'health' : null,
      numbers: draft.type === 'http' ? [{ name: 'updates', value: 88_123 }] : [],
    }
  }
  const storedOf = (had: readonly string[], secrets: Record<string, string | null>): string[] => {
    const names = new Set(had)
    for (const [name, value] of Object.entries(secrets)) {
      if (value === null) names.delete(name)
      else names.add(name)
    }
    return [...names]
  }
  const probeNow = async (id: string): Promise<void> => {
    await wait(400)
    const view = world.checks.get(id)
    if (!view?.check.enabled) return
    const { status, latencyMs = null, message } = view.last ?? probeOf(id, view.check)
    const item = { at: Date.now(), status, latencyMs, message }
    put({
      ...view,
      last: { ...(view.last ?? probeOf(id, view.check)), at: item.at },
      recent: [...view.recent.slice(-59), item],
    })
  }

  return {
    'check.kinds': () => [...checkKinds],
    'check.list': ({ hostId }) => [...world.checks.values()].filter(view => !hostId || view.check.hostId === hostId),
    'check.get': get,
    'check.add': async ({ draft, secrets }) => {
      await wait(150)
      const id = `${draft.type}-${world.checks.size}`
      const check: Check = { ...draft, id, builtIn: false, createdAt: Date.now(), stored: storedOf([], secrets) }
      put({ check, last: null, phase: 'ok', mutedBy: null, incidentId: null, nextAt: Date.now() + 500, recent: [] })
      void probeNow(id)
      return check
    },
    'check.edit': async ({ id, draft, secrets }) => {
      await wait(150)
      const view = get(id)
      const check = { ...view.check, ...draft, stored: storedOf(view.check.stored, secrets) }
      put({ ...view, check })
      return check
    },
    'check.remove': id => {
      if (get(id).check.builtIn)
        throw new AppError('CONFLICT', 'A built-in check cannot be removed', { hint: 'Switch it off instead.' })
      world.checks.delete(id)
      emit('check.removed', id)
    },
    'check.try': async ({ id, draft }) => {
      await wait(600)
      return probeOf(id ?? 'new', draft)
    },
    'check.probe': id => {
      get(id)
      void probeNow(id)
    },
    'check.uptime': id => uptimeOf(get(id).check.id),
    'unit.uptime': ({ hostId, scope, name }) => uptimeOf(`${hostId}/${scope}/${name}`),
    'check.previewJournal': async ({ hostId, pattern, ignoreCase }) => {
      await wait(250)
      let test: RegExp
      try {
        test = new RegExp(pattern, ignoreCase ? 'i' : '')
      } catch {
        throw new AppError('INVALID_INPUT', 'That is not a regular expression')
      }
      const origin = Date.now() - 20_000 * 1500
      const all = Array.from({ length: 2400 }, (_, index) => entryOf(hostId, 20_000 - index, origin))
      const lines = all.filter(entry => test.test(entry.message))
      return { matched: lines.length, all: all.length, lines: lines.slice(0, 50) }
    },
    'check.proposals': async hostId => {
      await wait(200)
      return world.proposals.get(hostId) ?? []
    },
    'check.dismissProposal': ({ hostId, key }) => {
      world.proposals.set(
        hostId,
        (world.proposals.get(hostId) ?? []).filter(proposal => proposal.key !== key),
      )
    },
  }
}
