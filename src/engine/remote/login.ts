// Logs in with the one configured method, once, after the host key was accepted; knows nothing of states or reconnecting.
import type { AuthenticationType, AuthHandlerMiddleware, Prompt } from 'ssh2'
import { AppError } from '../../shared/errors.ts'
import type { Credential } from './credentials.ts'
import type { Place } from './failures.ts'
import { placeName } from './failures.ts'

export interface Login {
  readonly handler: AuthHandlerMiddleware
  /** A remark about the credential, once it was loaded. */
  readonly warning: () => string | null
}

/**
 * An authentication handler for ssh2. `load` runs only when the server is ready to authenticate, which is after its key was accepted.
 * `fail` gets why no (further) attempt is made; the caller then ends the connection.
 */
export function createLogin(options: {
  user: string
  place: Place
  load: () => Promise<Credential>
  fail: (error: AppError) => void
}): Login {
  const { user: username, place, load, fail } = options
  let stage: 'start' | 'asked' | 'tried' | 'done' = 'start'
  let credential: Credential | null = null
  let warning: string | null = null
  let unexpectedPrompt = false

  const handler: AuthHandlerMiddleware = (methodsLeft, partial, next) => {
    const left: readonly AuthenticationType[] = methodsLeft ?? []
    const give = (error: AppError): void => {
      stage = 'done'
      credential = null
      fail(error)
    }
    if (stage === 'start') {
      stage = 'asked'
      load().then(
        loaded => {
          credential = loaded
          switch (loaded.kind) {
            case 'key':
              warning = loaded.warning
              stage = 'tried'
              next({ type: 'publickey', username, key: loaded.key })
              return
            case 'agent':
              stage = 'tried'
              next({ type: 'agent', username, agent: loaded.agent })
              return
            case 'password':
              // "none" costs no attempt and tells whether the password goes by "password" or by "keyboard-interactive".
              next({ type: 'none', username })
          }
        },
        (error: unknown) => give(AppError.from(error)),
      )
      return
    }
    if (partial) return give(secondFactor(place, left))
    if (stage === 'asked' && credential?.kind === 'password') {
      const { password } = credential
      stage = 'tried'
      credential = null
      if (left.includes('password')) return next({ type: 'password', username, password })
      if (left.includes('keyboard-interactive')) {
        let answered = false
        return next({
          type: 'keyboard-interactive',
          username,
          prompt: (_name, _instructions, _language, prompts, finish) => {
            if (answered || !asksForPassword(prompts)) {
              unexpectedPrompt = !answered
              // Answering nothing fails the attempt without giving the password away.
              finish([])
              return
            }
            answered = true
            finish([password])
          },
        })
      }
      return give(
        new AppError('AUTH_FAILED', `${placeName(place)} does not take passwords`, {
          hint: `It offers: ${left.join(', ') || 'nothing'}. Use a key instead.`,
        }),
      )
    }
    if (unexpectedPrompt) return give(secondFactor(place, left))
    give(refused(place, username, options, left, credential))
  }
  return { handler, warning: () => warning }
}

function asksForPassword(prompts: readonly Prompt[]): boolean {
  const [only] = prompts
  return prompts.length === 1 && only !== undefined && only.echo !== true
}

function secondFactor(place: Place, left: readonly string[]): AppError {
  return new AppError('AUTH_FAILED', `${placeName(place)} wants a second proof (${left.join(', ') || 'a code'})`, {
    hint: 'Logins with a second factor cannot run unattended. Exempt a key for this computer in sshd_config (Match User … AuthenticationMethods publickey).',
  })
}

function refused(
  place: Place,
  user: string,
  _options: unknown,
  left: readonly string[],
  credential: Credential | null,
): AppError {
  const where = `${user} at ${placeName(place)}`
  if (credential?.kind === 'key') {
    return new AppError('AUTH_FAILED', `The key was refused for ${where}`, {
      hint: `Is its public half in ~${user}/.ssh/authorized_keys there, and is ${user} the right user? ~/.ssh must not be writable by others.`,
    })
  }
  if (credential?.kind === 'agent') {
    const many = credential.keys > 5 ? ` It holds ${credential.keys} keys; sshd stops after 6.` : ''
    return new AppError('AUTH_FAILED', `No key of ssh-agent was accepted for ${where}`, {
      hint: `Add the public half of one to ~${user}/.ssh/authorized_keys there.${many}`,
    })
  }
  return new AppError('AUTH_FAILED', `The password was refused for ${where}`, {
    hint: `It was tried once and will not be tried again by itself. Check the user and the password.${left.includes('password') ? '' : ' This account may need a key.'}`,
  })
}
