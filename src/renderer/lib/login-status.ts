// How a login stands, in the app's one vocabulary of tone and word; decides nothing and draws nothing.
import type { LoginProof, LoginVerdict, LoginView, RenewalRun } from '../../shared/model/login.ts'
import { formatDuration } from './format.ts'
import { safeText } from './safe-text.ts'
import type { StatusWord } from './status.ts'

const day = 86_400_000

const verdicts: Record<LoginVerdict, StatusWord> = {
  valid: { tone: 'healthy', word: 'Valid' },
  expired: { tone: 'unhealthy', word: 'Expired' },
  challenged: { tone: 'degraded', word: 'Challenged' },
  'rate-limited': { tone: 'unknown', word: 'Rate limited' },
  'site-down': { tone: 'unknown', word: 'Site down' },
  unknown: { tone: 'unknown', word: 'Unknown' },
}

export function proofStatus(proof: Pick<LoginProof, 'verdict' | 'message'>): StatusWord {
  return { ...verdicts[proof.verdict], detail: safeText(proof.message) }
}

/** What the site itself says comes first; without its word, what the file says. */
export function loginStatus(view: LoginView, now: number): StatusWord {
  const { login, file, proofs, expiresAt, keepAlive } = view
  const told = [...proofs].sort((a, b) => rank(a.verdict) - rank(b.verdict))[0]
  if (told && told.verdict !== 'valid' && told.verdict !== 'unknown') return proofStatus(told)
  if (!file) return { tone: 'unknown', word: 'Not looked at yet' }
  const [problem] = file.problems
  const proven = told?.verdict === 'valid'
  if (!proven && expiresAt !== null && expiresAt <= now)
    return { tone: 'unhealthy', word: 'Past its end', detail: `Since ${formatDuration(now - expiresAt)}` }
  if (expiresAt !== null && expiresAt - now <= login.warnDays * day)
    return {
      tone: 'degraded',
      word: expiresAt <= now ? 'Valid, past its end' : `Ends in ${formatDuration(expiresAt - now)}`,
      ...(problem ? { detail: safeText(problem) } : {}),
    }
  if (problem) return { tone: 'degraded', word: 'Needs attention', detail: safeText(problem) }
  if (proven && keepAlive !== null && keepAlive.problem !== null)
    return { tone: 'degraded', word: 'Not kept alive', detail: safeText(keepAlive.problem) }
  if (proven) return proofStatus(told)
  if (told?.verdict === 'unknown') return proofStatus(told)
  return login.probe === null ? { tone: 'healthy', word: 'In date' } : { tone: 'unknown', word: 'Not proven yet' }
}

const outcomes: Record<RenewalRun['outcome'], StatusWord> = {
  running: { tone: 'busy', word: 'Under way' },
  verified: { tone: 'healthy', word: 'Verified' },
  written: { tone: 'degraded', word: 'Written, not proven' },
  'rolled-back': { tone: 'unhealthy', word: 'Taken back' },
  failed: { tone: 'unhealthy', word: 'Failed' },
}

export function renewalStatus(run: Pick<RenewalRun, 'outcome'>): StatusWord {
  return outcomes[run.outcome]
}

function rank(verdict: LoginVerdict): number {
  return (['expired', 'challenged', 'rate-limited', 'site-down', 'unknown', 'valid'] as const).indexOf(verdict)
}
