// Proves that a host of each Debian release is a healthy machine on which every user gets in by every way; needs root.

import { describe, expect, test } from 'vitest'
import { suites, userIds, userNames } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'

const versions = { bullseye: '11', bookworm: '12', trixie: '13' } as const

describe.each(suites)('%s', suite => {
  const host = sharedHost({ suite, name: `test-${suite}` })

  test('is the release it says, fully up, with nothing failed', async () => {
    expect(await host().output('. /etc/os-release; echo $VERSION_ID')).toBe(versions[suite])
    expect(await host().output(['systemctl', 'is-system-running'])).toBe('running')
    expect(await host().output('cat /proc/1/comm; hostname; cat /etc/machine-id | wc -c')).toBe(
      `systemd\ntest-${suite}\n33`,
    )
  })

  test.each(userNames)('%s logs in with each key and the password', async user => {
    const want = `${userIds[user]}\n`
    const ways = [{ key: 'ed25519' }, { key: 'rsa' }, { key: 'ecdsa' }, { password: true }] as const
    const got = await Promise.all(ways.map(way => host().ssh('id -u', { user, ...way })))
    expect(got.map(result => result.stdout)).toEqual([want, want, want, want])
  })

  test('each wrong password and each login is in the log, once', async () => {
    const cursor = await host().journalCursor()
    const wrong = await host().ssh('true', { user: 'sam', password: 'not it', check: false })
    expect(wrong.code).toBe(255)
    await host().ssh('true', { user: 'sam', password: true })
    await host().ssh('true', { user: 'deploy', key: 'ecdsa' })
    await expect.poll(async () => (await host().authLog(cursor)).accepted, { timeout: 30_000 }).toBe(2)
    const log = await host().authLog(cursor)
    expect(log.attempts.map(({ outcome, method, user }) => `${outcome} ${method} ${user}`)).toEqual([
      'failed password sam',
      'accepted password sam',
      'accepted publickey deploy',
    ])
    expect(log.connections).toBe(3)
  })

  test('sudo and journal rights are as the table in the README says', async () => {
    const sudo = async (user: (typeof userNames)[number]) =>
      (await host().ssh('sudo -n id -u', { user, check: false })).stdout.trim()
    expect(await Promise.all(userNames.map(sudo))).toEqual(['0', '', '', '0', ''])
    const withPassword = await host().ssh(`echo '${host().passwords.sam}' | sudo -S -p '' id -u`, { user: 'sam' })
    expect(withPassword.stdout).toBe('0\n')
    const journal = async (user: (typeof userNames)[number]) =>
      (await host().ssh('journalctl -q -n 1 -o cat _PID=1', { user, check: false })).stdout !== ''
    expect(await Promise.all(userNames.map(journal))).toEqual([true, false, false, true, true])
    expect(await host().output('getent passwd fishy | cut -d: -f7')).toBe('/usr/bin/fish')
  })

  test('has the tools that products and bots expect, and databases that do not run by themselves', async () => {
    await host().exec(
      'for tool in python3 sqlite3 psql redis-cli zstd gzip tar fish ss systemd-stdio-bridge; do command -v $tool; done',
    )
    const state = await host().exec(['systemctl', 'is-active', 'postgresql', 'redis-server'], { check: false })
    expect(state.stdout).toBe('inactive\ninactive\n')
  })
})
