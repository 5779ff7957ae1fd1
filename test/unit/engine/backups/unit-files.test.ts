// Which paths belong to a service, and which never do.
import { expect, test } from 'vitest'
import { environmentFiles, isFileOfUnit, readUnitFiles } from '../../../../src/engine/backups/pipe/unit-files.ts'

test.each([
  ['/etc/systemd/system/bot.service', 'bot.service'],
  ['/lib/systemd/system/bot.service', 'bot.service'],
  ['/usr/lib/systemd/system/bot.service', 'bot.service'],
  ['/etc/systemd/system/bot.service.d/override.conf', 'bot.service'],
  ['/home/deploy/.config/systemd/user/bot.service', 'bot.service'],
  ['/etc/systemd/system/bot@.service', 'bot@one.service'],
  ['/etc/systemd/system/bot@one.service.d/a.conf', 'bot@one.service'],
])('%s belongs to %s', (path, unit) => expect(isFileOfUnit(path, unit)).toBe(true))

test.each([
  ['/etc/passwd', 'bot.service'],
  ['/etc/systemd/system/other.service', 'bot.service'],
  ['/etc/systemd/system/bot.service.d/../other.service', 'bot.service'],
  ['/etc/systemd/system/bot.service.d/a/b.conf', 'bot.service'],
  ['/etc/systemd/system/bot.service.d/run.sh', 'bot.service'],
  ['/etc/systemd/system/bot.service.wants/x.conf', 'bot.service'],
  ['/tmp/etc/systemd/system/bot.service', 'bot.service'],
  ['etc/systemd/system/bot.service', 'bot.service'],
])('%s does not belong to %s', (path, unit) => expect(isFileOfUnit(path, unit)).toBe(false))

test('what systemd and the host tell is read', () => {
  const text = `show Id=bot.service
show FragmentPath=/etc/systemd/system/bot.service
show EnvironmentFiles=/etc/bot.env (ignore_errors=no)
show EnvironmentFiles=/etc/with space.env (ignore_errors=yes)
show WorkingDirectory=/opt/bot
file 120 1795350000 /etc/systemd/system/bot.service
file 30 1795350009 /etc/bot.env
missing /etc/with space.env`
  const read = readUnitFiles(text)
  expect(read).toMatchObject({
    files: ['/etc/systemd/system/bot.service', '/etc/bot.env'],
    missing: ['/etc/with space.env'],
    environment: ['/etc/bot.env', '/etc/with space.env'],
    bytes: 150,
    changedAt: 1_795_350_009_000,
  })
  expect(read.shown.get('WorkingDirectory')).toBe('/opt/bot')
  expect(environmentFiles('')).toEqual([])
})
