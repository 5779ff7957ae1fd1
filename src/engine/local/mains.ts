// Whether this computer runs on mains, for what is not to empty a battery; knows nothing of what that is.
import { battery } from 'systeminformation'

/** Null where it cannot be known. A computer without a battery runs on mains. */
export async function onMains(): Promise<boolean | null> {
  const { hasBattery, acConnected } = await battery()
  return hasBattery ? acConnected : true
}
