// How a check stands, in the app's one vocabulary of tone and word; decides nothing and draws nothing.
import type { CheckView, MutedBy, Severity } from '../../shared/model/check.ts'
import { safeText } from './safe-text.ts'
import type { StatusWord, Tone } from './status.ts'

const mutedWords: Record<MutedBy, string> = {
  silence: 'Silenced',
  maintenance: 'Under maintenance',
  'host-down': 'Not judged while the host cannot be reached',
  dependency: 'Not judged while what it depends on is in trouble',
  flapping: 'Flapping: told again once it is stable',
  'cool-down': 'Told again only if it is still so in a few minutes',
  offline: 'Not judged while this computer is offline',
}

export function mutedText(by: MutedBy): string {
  return mutedWords[by]
}

/** What a person wants to know first: switched off, never probed, or what the last probe found and whether it alerts. */
export function checkStatus(view: CheckView): StatusWord {
  const { check, last, phase, mutedBy } = view
  if (!check.enabled) return { tone: 'off', word: 'Switched off' }
  const detail = mutedBy ? mutedText(mutedBy) : last ? safeText(last.message) : undefined
  const say = (tone: Tone, word: string): StatusWord => (detail === undefined ? { tone, word } : { tone, word, detail })
  if (mutedBy === 'maintenance') return say('maintenance', 'Maintenance')
  if (phase === 'firing') return say(last?.status === 'degraded' ? 'degraded' : 'unhealthy', 'Alerting')
  if (phase === 'recovering') return say('degraded', 'Recovering')
  if (!last) return say('unknown', 'Not probed yet')
  if (phase === 'pending') return say('degraded', 'Failing')
  switch (last.status) {
    case 'healthy':
      return say('healthy', 'Healthy')
    case 'degraded':
      return say('degraded', 'Degraded')
    case 'unhealthy':
      return say('unhealthy', 'Unhealthy')
    case 'unknown':
      return say('unknown', 'Unknown')
  }
}

export const severityWords: Record<Severity, string> = { info: 'Info', warning: 'Warning', critical: 'Critical' }

/** `30 s`, `5 min`, `1 h`, `1 d`: an interval as it was chosen. */
export function intervalText(seconds: number): string {
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
  ] as const)
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}`
  return `${seconds} s`
}
