// Measures how many transitions a second the alert machine decides, against a reducer that only counts failures in a row.
import {
  type AlertEvent,
  type AlertPolicy,
  type AlertState,
  initialAlert,
  nextAlertStepAt,
  stepAlert,
} from '../../src/engine/domain/alert-state.ts'
import type { ProbeStatus } from '../../src/shared/model/check.ts'
import { type Item, percentile, type Result } from './item.ts'

const alerts = 5_000
const rounds = 60
const paceMs = 15_000
const runs = 5
const goal = 200_000
const policy: AlertPolicy = { failureThreshold: 3, recoveryThreshold: 2, forMs: 0, severity: 'critical' }

/** What each alert's probe finds in each round: a third of them are in trouble now and then, some of them all the time. */
function results(): readonly (readonly ProbeStatus[])[] {
  let seed = 1
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  return Array.from({ length: rounds }, () =>
    Array.from({ length: alerts }, (_, index) => {
      const trouble = index % 3 === 0 ? 0.5 : index % 50 === 1 ? 1 : 0.02
      if (random() < trouble) return random() < 0.1 ? 'degraded' : 'unhealthy'
      return random() < 0.02 ? 'unknown' : 'healthy'
    }),
  )
}

const events: Record<ProbeStatus, AlertEvent> = {
  healthy: { type: 'result', status: 'healthy' },
  degraded: { type: 'result', status: 'degraded' },
  unhealthy: { type: 'result', status: 'unhealthy' },
  unknown: { type: 'result', status: 'unknown' },
}

/** Every event through the machine, and when it wants to be stepped again, as the runtime asks after each. */
function runMachine(found: readonly (readonly ProbeStatus[])[]): { perSecond: number; effects: number } {
  const states: AlertState[] = Array.from({ length: alerts }, () => initialAlert)
  let effects = 0
  let due = 0
  const started = performance.now()
  for (const [round, statuses] of found.entries()) {
    const now = round * paceMs
    for (const [index, status] of statuses.entries()) {
      const step = stepAlert(states[index] ?? initialAlert, events[status], policy, now)
      states[index] = step.state
      effects += step.effects.length
      due += nextAlertStepAt(step.state, policy) === null ? 0 : 1
    }
  }
  const seconds = (performance.now() - started) / 1000
  if (due === 0) throw new Error('no alert ever asked for a step')
  return { perSecond: (alerts * rounds) / seconds, effects }
}

interface Counted {
  readonly failures: number
  readonly firing: boolean
}

/** The least that an alert rule can be: a counter and a threshold, in the same immutable style. */
function runPeer(found: readonly (readonly ProbeStatus[])[]): { perSecond: number; effects: number } {
  const states: Counted[] = Array.from({ length: alerts }, () => ({ failures: 0, firing: false }))
  let effects = 0
  const started = performance.now()
  for (const statuses of found) {
    for (const [index, status] of statuses.entries()) {
      const before = states[index] ?? { failures: 0, firing: false }
      const failures = status === 'healthy' ? 0 : before.failures + 1
      const firing = failures >= policy.failureThreshold
      if (firing !== before.firing) effects++
      states[index] = { failures, firing }
    }
  }
  return { perSecond: (alerts * rounds) / ((performance.now() - started) / 1000), effects }
}

export const items: readonly Item[] = [
  {
    name: 'alert-machine',
    async run(context): Promise<readonly Result[]> {
      const found = results()
      const ours: number[] = []
      const peers: number[] = []
      // Alternating, so that what else the machine does falls on both.
      for (let run = 0; run <= runs; run++) {
        const machine = runMachine(found)
        const peer = runPeer(found)
        if (machine.effects < 1000 || peer.effects < 1000) throw new Error('nothing happened that could be measured')
        // The first one warms up.
        if (run > 0) ours.push(machine.perSecond)
        if (run > 0) peers.push(peer.perSecond)
        context.log(
          `   ${Math.round(machine.perSecond)}/s, ${machine.effects} effects; counter ${Math.round(peer.perSecond)}/s`,
        )
      }
      const value = percentile(ours, 0.5)
      const peerValue = percentile(peers, 0.5)
      return [
        {
          name: 'alert-machine',
          value,
          unit: 'transitions/s',
          peer: 'a reducer that counts failures in a row up to a threshold',
          peerValue,
          ratio: value / peerValue,
          goal: `≥ ${goal} transitions/s`,
          met: value >= goal,
        },
      ]
    },
  },
]
