// Sees to it that no edit of a channel, whoever makes it, sends a stored secret to another place than it was given for. Knows no kind of channel.
import { AppError } from '../../shared/errors.ts'
import type { Channel } from '../../shared/model/channel.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'
import type { ChannelType } from '../channels/index.ts'

/** Throws INVALID_INPUT where a stored secret would be used for another server, and was neither given anew nor forgotten. */
export function refuseStraySecrets(
  type: ChannelType,
  before: Channel,
  spec: Record<string, unknown>,
  secrets: FieldSecrets,
): void {
  const left = before.stored.filter(field => !Object.hasOwn(secrets, field))
  if (left.length === 0 || !type.secretsGoTo) return
  const [was, is] = [type.spec.safeParse(before.spec), type.spec.safeParse(spec)]
  // what is no spec is refused by whoever would keep it
  if (!is.success) return
  if (was.success && type.secretsGoTo(was.data) === type.secretsGoTo(is.data)) return
  throw new AppError(
    'INVALID_INPUT',
    'It would be sent elsewhere than before, so the stored secret is not used for it',
    {
      hint: 'Enter the secret again.',
      detail: { fields: left },
    },
  )
}
