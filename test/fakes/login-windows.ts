// A shell's login windows without a shell: what a person would bring home is laid down beforehand, and who asked is kept. Opens nothing.
import type { Native } from '../../src/engine/ports.ts'
import type { LoginWindowRequest, LoginWindowResult } from '../../src/shared/contract/native.ts'

export type LoginNative = Pick<Native, 'openLogin' | 'closeLogin' | 'refreshLogin' | 'forgetLogin'>

export class FakeLoginWindows implements LoginNative {
  readonly opened: LoginWindowRequest[] = []
  readonly refreshed: LoginWindowRequest[] = []
  readonly closed: string[] = []
  readonly forgotten: string[] = []
  /** What the next windows and visits end with, in this order; a window that finds none was closed by the person. */
  readonly results: LoginWindowResult[] = []

  // Bound, so that it can be spread into a Native.
  readonly openLogin: LoginNative['openLogin'] = async request => {
    this.opened.push(request)
    return this.#next()
  }
  readonly refreshLogin: LoginNative['refreshLogin'] = async request => {
    this.refreshed.push(request)
    return this.#next()
  }
  readonly closeLogin: LoginNative['closeLogin'] = async loginId => {
    this.closed.push(loginId)
  }
  readonly forgetLogin: LoginNative['forgetLogin'] = async loginId => {
    this.forgotten.push(loginId)
  }

  #next(): LoginWindowResult {
    return this.results.shift() ?? { cookies: null, reason: 'The window was closed' }
  }
}
