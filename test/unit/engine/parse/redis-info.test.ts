// INFO as Redis 7.0 of Debian 12 and Valkey 8.1 of Debian 13 write it.
import { expect, test } from 'vitest'
import { infoNumber, keyspace, readRedisInfo, redisVersion } from '../../../../src/engine/parse/redis-info.ts'

const redis = [
  ...['# Server', 'redis_version:7.0.15', 'executable:/usr/bin/redis-server', '', '# Memory', 'used_memory:1048576'],
  ...['', '# Keyspace', 'db0:keys=12,expires=1,avg_ttl=86399000', 'db3:keys=20004,expires=0,avg_ttl=0', ''],
].join('\r\n')

test('lines by name, of which values may hold colons', () => {
  const info = readRedisInfo(`${redis}\r\nlisteners:unix:/run/redis/redis.sock`)
  expect(info.get('listeners')).toBe('unix:/run/redis/redis.sock')
  expect(infoNumber(info, 'used_memory')).toBe(1_048_576)
  expect(infoNumber(info, 'nothing')).toBeNaN()
  expect(info.has('# Server')).toBe(false)
})

test('databases that hold keys, and what server it is', () => {
  expect(keyspace(readRedisInfo(redis))).toEqual([
    { name: 'db0', rows: 12 },
    { name: 'db3', rows: 20_004 },
  ])
  expect(redisVersion(readRedisInfo(redis))).toBe('Redis 7.0.15')
  // it says for those who ask for Redis which one it is like
  expect(redisVersion(readRedisInfo('redis_version:7.2.4\r\nvalkey_version:8.1.1\r\n'))).toBe('Valkey 8.1.1')
  expect(redisVersion(readRedisInfo(''))).toBe('Redis ?')
})
