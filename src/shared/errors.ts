// The one error that crosses process borders; it knows its closed set of codes and nothing of who raises them.
export const errorCodes = [
  'INVALID_INPUT',
  'NOT_FOUND',
  'CONFLICT',
  'CANCELLED',
  'TIMEOUT',
  'INTERNAL',
  'ENGINE_GONE',
  'RESOLVE_FAILED',
  'UNREACHABLE',
  'PORT_CLOSED',
  'NOT_SSH',
  'LINK_LOST',
  'NOT_CONNECTED',
  'HOST_KEY_UNKNOWN',
  'HOST_KEY_CHANGED',
  'HOST_KEY_REVOKED',
  'AUTH_FAILED',
  'KEY_UNREADABLE',
  'KEY_LOCKED',
  'KEY_PASSPHRASE_WRONG',
  'AGENT_UNAVAILABLE',
  'CONFIG',
  'SUDO_MISSING',
  'SUDO_PASSWORD_WRONG',
  'ACCESS_DENIED',
  'JOURNAL_RIGHTS',
  'NOT_SYSTEMD',
  'UNSUPPORTED',
  'COMMAND_FAILED',
  'OUTPUT_LIMIT',
  'PROTOCOL',
  'VAULT_LOCKED',
  'VAULT_PASSPHRASE_WRONG',
  'VAULT_UNAVAILABLE',
  'DATABASE_NEWER',
  'DATABASE_DAMAGED',
  'DISK_FULL',
  'BACKUP_BAD',
  'IDENTITY_DIFFERS',
] as const
export type ErrorCode = (typeof errorCodes)[number]

/** An error as it crosses a port: what went wrong and, in `hint`, what the person can do about it. */
export interface ErrorShape {
  code: ErrorCode
  message: string
  hint?: string | undefined
  detail?: Record<string, unknown> | undefined
}

/** The only error class that is thrown on purpose. `message` never contains a secret. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly detail: Record<string, unknown> | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; detail?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.hint = options.hint
    this.detail = options.detail
  }

  /** The plain object that crosses a port. */
  toShape(): ErrorShape {
    const shape: ErrorShape = { code: this.code, message: this.message }
    if (this.hint !== undefined) shape.hint = this.hint
    if (this.detail !== undefined) shape.detail = this.detail
    return shape
  }

  static fromShape(shape: ErrorShape): AppError {
    const options: { hint?: string; detail?: Record<string, unknown> } = {}
    if (shape.hint !== undefined) options.hint = shape.hint
    if (shape.detail !== undefined) options.detail = shape.detail
    return new AppError(shape.code, shape.message, options)
  }

  /** Anything caught, as an AppError: known ones unchanged, aborts as CANCELLED, the rest as INTERNAL. */
  static from(caught: unknown): AppError {
    if (caught instanceof AppError) return caught
    if (caught instanceof Error && caught.name === 'AbortError') return new AppError('CANCELLED', 'Cancelled')
    const message = caught instanceof Error ? caught.message : String(caught)
    return new AppError('INTERNAL', message, { cause: caught })
  }
}
