// Waits for the site's word on a login whose file was just written, by the login's own check; writes nothing and restarts nothing.
import type { Login, LoginProof, LoginVerdict } from '../../shared/model/login.ts'
import type { LoginLook } from '../cookies/index.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { Logins } from './logins.ts'
import type { Prober } from './prober.ts'

/** The site has so long to say something (semantics 28). */
const withinMs = 60_000
/** It is asked again after this, unless it said that it wants to be left alone. */
const againMs = 5_000

export interface ProofOptions {
  readonly login: Login
  readonly oldSha256: string | null
  readonly newSha256: string
  readonly logins: Pick<Logins, 'looked'>
  readonly prober: Pick<Prober, 'probeNow'>
  readonly clock: Clock
  readonly signal: AbortSignal
}

export interface SiteWord {
  /** Null: there was no word at all. */
  readonly verdict: LoginVerdict | null
  readonly message: string
  /** The old file lies there again, so that there is nothing left to prove. */
  readonly overwritten?: true
}

const overwritten: SiteWord = {
  verdict: null,
  message:
    'The old file is in place again: a service that uses it wrote its own cookies back. Stop it, renew, and start it again.',
  overwritten: true,
}

/** What the site says to the file as it lies there now; only what was asked after this call counts. Rejects when `signal` aborts. */
export async function proveLogin(options: ProofOptions): Promise<SiteWord> {
  const { login, logins, prober, clock, signal } = options
  const since = clock.now()
  const settled = new AbortController()
  let looks = 0
  let word: SiteWord = { verdict: null, message: 'The site was not heard of within 60 s' }
  const listener = logins.looked.on(({ login: { id }, look }) => {
    if (id !== login.id || settled.signal.aborted) return
    const proof = proofOf(look)
    const first = ++looks === 1
    if (!first && isOfOld(look, options)) {
      word = overwritten
      return settled.abort()
    }
    if (!proof || proof.at < since || !isOfNew(look, first, options)) return
    word = { verdict: proof.verdict, message: proof.message }
    if (proof.verdict !== 'unknown' && proof.verdict !== 'site-down') settled.abort()
  })
  const until = clock.monotonic() + withinMs
  try {
    while (!settled.signal.aborted && clock.monotonic() < until) {
      prober.probeNow(login.checkId)
      await sleep(clock, againMs, AbortSignal.any([signal, settled.signal])).catch(() => {})
      signal.throwIfAborted()
    }
  } finally {
    listener.dispose()
  }
  return word
}

/** The bot lives on its host, so that side's word counts where there is one. */
export function proofOf({ proofs }: Pick<LoginLook, 'proofs'>): LoginProof | null {
  return proofs.find(({ from }) => from === 'host') ?? proofs[0] ?? null
}

/** A bot that saves its cookies as it ends does so after they were renewed. */
function isOfOld({ file }: Pick<LoginLook, 'file'>, { oldSha256, newSha256 }: ProofOptions): boolean {
  return oldSha256 !== null && oldSha256 !== newSha256 && file?.sha256 === oldSha256
}

/** A look that began before the file was written speaks of the old one; a bot may have changed the new one already. */
function isOfNew(look: Pick<LoginLook, 'file'>, first: boolean, { oldSha256, newSha256 }: ProofOptions): boolean {
  const sha256 = look.file?.sha256 ?? null
  if (sha256 === newSha256) return true
  // looks of one check come one after the other: the second began after the first had ended
  return !first && sha256 !== oldSha256
}
