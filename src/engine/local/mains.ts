// Whether this computer runs on mains, for what is not to empty a battery; knows nothing of what that is.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Null where it cannot be known. A computer without a battery runs on mains. */
export async function onMains(): Promise<boolean | null> {
  if (process.platform === 'linux') return await mainsOf('/sys/class/power_supply')
  const { battery } = await import('systeminformation')
  const { hasBattery, acConnected } = await battery()
  return hasBattery ? acConnected : true
}

/** As Linux tells it, in a folder with one folder for each supply. A mouse has a battery, too, and does not count. */
export async function mainsOf(folder: string): Promise<boolean | null> {
  const names = await readdir(folder).catch(() => [])
  const all = await Promise.all(
    names.map(async name => {
      const read = (file: string): Promise<string> =>
        readFile(join(folder, name, file), 'utf8').then(
          text => text.trim(),
          () => '',
        )
      const [type, scope, online, status, present] = await Promise.all(
        ['type', 'scope', 'online', 'status', 'present'].map(read),
      )
      return { type, scope, online, status, present }
    }),
  )
  const own = all.filter(({ scope }) => scope !== 'Device')
  const batteries = own.filter(({ type, present }) => type === 'Battery' && present !== '0')
  if (batteries.length === 0) return true
  const supplies = own.filter(({ type, online }) => type !== 'Battery' && online !== '')
  // 1 is fixed, 2 is what was agreed on with the charger
  if (supplies.some(({ online }) => online === '1' || online === '2')) return true
  if (batteries.some(({ status }) => status === 'Discharging')) return false
  if (supplies.length > 0) return false
  return batteries.some(({ status }) => status === 'Charging' || status === 'Full' || status === 'Not charging')
    ? true
    : null
}
