// By what names the network may be known on which this computer is, for what is to run only on some; knows nothing of what that is.
import { readFile } from 'node:fs/promises'

/** The Wi-Fi's name, the router's hardware address, the router's address; as many of them as can be told here, and none where nothing can. */
export async function networkNames(): Promise<string[]> {
  const { networkGatewayDefault, wifiConnections } = await import('systeminformation')
  const [wifi, gateway, neighbours] = await Promise.all([
    wifiConnections().catch(() => []),
    networkGatewayDefault().catch(() => ''),
    // only Linux has it
    readFile('/proc/net/arp', 'utf8').catch(() => ''),
  ])
  return namesOf(
    wifi.map(({ ssid }) => ssid),
    gateway,
    neighbours,
  )
}

/** Pure; `neighbours` is the text of `/proc/net/arp`. */
export function namesOf(wifi: readonly string[], gateway: string, neighbours: string): string[] {
  const line = neighbours.split('\n').find(one => one.startsWith(`${gateway} `))
  const hardware = /(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/i.exec(line ?? '')?.[0]?.toLowerCase()
  const known = hardware === undefined || hardware === '00:00:00:00:00:00' ? [] : [hardware]
  const names = [...wifi, ...known, gateway].map(name => name?.trim()).filter(Boolean)
  return [...new Set(names)].slice(0, 10)
}
