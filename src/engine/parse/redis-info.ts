// What Redis says of itself (INFO), by name; knows no connection.

export type RedisInfo = ReadonlyMap<string, string>

export function readRedisInfo(text: string): RedisInfo {
  const lines = text.split('\r\n').filter(line => line.includes(':'))
  return new Map(lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))
}

/** NaN where it is not said. */
export const infoNumber = (info: RedisInfo, name: string): number => Number(info.get(name) ?? Number.NaN)

/** `Redis 7.0.15`, `Valkey 8.1`. */
export const redisVersion = (info: RedisInfo): string =>
  `${info.has('valkey_version') ? 'Valkey' : 'Redis'} ${info.get('valkey_version') ?? info.get('redis_version') ?? '?'}`

/** How many keys each database holds that holds any. */
export const keyspace = (info: RedisInfo): { name: string; rows: number }[] =>
  [...info].flatMap(([name, value]) => {
    const keys = /^keys=(\d+),/.exec(value)?.[1]
    return /^db\d+$/.test(name) && keys !== undefined ? [{ name, rows: Number(keys) }] : []
  })
