// Proves that what ss, /proc and find print is read right, and that hostile names cost only themselves.
import { expect, it } from 'vitest'
import { parseFoundFiles, parseListening, parseUnitsOfPids } from '../../../../src/engine/parse/discovery.ts'

// `ss -H -tlnp | sed 's/^/ss /'` as root on Debian 12, with names made harmless
const sockets = `ss LISTEN 0      128          0.0.0.0:22        0.0.0.0:*    users:(("sshd",pid=412,fd=3))
ss LISTEN 0      5          127.0.0.1:8001      0.0.0.0:*    users:(("python3",pid=733,fd=4))
ss LISTEN 0      511            [::1]:6379         [::]:*    users:(("redis-server",pid=801,fd=7))
ss LISTEN 0      4096   127.0.0.53%lo:53        0.0.0.0:*
ss LISTEN 0      128                *:443             *:*    users:(("nginx: \\"x\\"",pid=9,fd=1),("nginx",pid=10,fd=1))
ss garbage
ss LISTEN 0      128          0.0.0.0:nonsense  0.0.0.0:*
pid 733 0::/system.slice/keepalive-bot.service
pid 801 12:pids:/system.slice 1:name=systemd:/system.slice/system-redis.slice/redis@a.service 0::/
pid 900 0::/user.slice/user-1000.slice/user@1000.service/app.slice/mine.service
pid 901 0::/user.slice/user-1000.slice/session-3.scope
pid 902 0::/user.slice/user-1000.slice/user@1000.service/init.scope`

it('reads listening ports with their processes', () => {
  expect(parseListening(sockets)).toEqual([
    { address: '0.0.0.0', port: 22, process: 'sshd', pid: 412 },
    { address: '127.0.0.1', port: 8001, process: 'python3', pid: 733 },
    { address: '::1', port: 6379, process: 'redis-server', pid: 801 },
    { address: '127.0.0.53', port: 53, process: null, pid: null },
    { address: '*', port: 443, process: 'nginx: \\"x\\"', pid: 9 },
  ])
  expect(parseListening('ss LISTEN 0 1 127.0.0.1:80 *:*\n'.repeat(900), 500)).toHaveLength(500)
})

it('reads the unit of a process from either kind of cgroups, and of either manager', () => {
  expect([...parseUnitsOfPids(sockets)]).toEqual([
    [733, { scope: 'system', name: 'keepalive-bot.service' }],
    [801, { scope: 'system', name: 'redis@a.service' }],
    [900, { scope: 'user', name: 'mine.service' }],
    [902, { scope: 'system', name: 'user@1000.service' }],
  ])
})

it('reads found files, whole paths only', () => {
  const text = 'sqlite /opt/bot/my data.db\ncookies /opt/bot/cookies.txt\nsqlite relative.db\nrm -rf /\n'
  expect(parseFoundFiles(text)).toEqual([
    { kind: 'sqlite', path: '/opt/bot/my data.db' },
    { kind: 'cookies', path: '/opt/bot/cookies.txt' },
  ])
})
