// The drop-in's place, text, warnings and difference.
import { expect, it } from 'vitest'
import { dropInPlace, dropInProblem, dropInWarnings, renderDropIn } from '../../../../src/engine/domain/drop-in.ts'
import { readRestartSettings } from '../../../../src/engine/domain/restart-settings.ts'
import { unifiedDiff } from '../../../../src/engine/domain/unified-diff.ts'
import { DropInSettings } from '../../../../src/shared/model/recovery.ts'

const settings = DropInSettings.parse({
  restart: 'on-failure',
  restartSeconds: 5,
  startLimitBurst: 5,
  startLimitIntervalSeconds: 600,
  restartSteps: 6,
  restartMaxDelaySeconds: 300,
})
const around = { path: '/p/50-quarterdeck.conf', before: null, systemdVersion: 257, present: null }

it('goes beside the unit, and only beside a service with a name that systemd allows', () => {
  expect(dropInPlace({ scope: 'system', name: 'bot@a.service' }, '')?.path).toBe(
    '/etc/systemd/system/bot@a.service.d/50-quarterdeck.conf',
  )
  expect(dropInPlace({ scope: 'user', name: 'bot.service' }, '/home/ann/.config')?.folder).toBe(
    '/home/ann/.config/systemd/user/bot.service.d',
  )
  for (const name of ['../../etc.service', 'a/b.service', '-x.service', '.service', 'x.timer', 'x y.service', ''])
    expect(dropInPlace({ scope: 'system', name }, ''), name).toBeNull()
})

it('writes growing delays only where systemd knows them', () => {
  expect(renderDropIn(settings, 254)).toBe(
    [
      '# Written by Quarterdeck: systemd restarts this service by itself, also while Quarterdeck does not run.',
      '[Unit]',
      'StartLimitIntervalSec=600',
      'StartLimitBurst=5',
      '',
      '[Service]',
      'Restart=on-failure',
      'RestartSec=5',
      'RestartSteps=6',
      'RestartMaxDelaySec=300',
      '',
    ].join('\n'),
  )
  for (const version of [247, 253, null]) expect(renderDropIn(settings, version)).not.toContain('RestartSteps')
  expect(renderDropIn({ ...settings, restartMaxDelaySeconds: null }, 257)).not.toContain('RestartSteps')
})

it('warns of what a person would not want', () => {
  const warned = (change: Partial<typeof settings>, more: Partial<typeof around> = {}): string =>
    dropInWarnings({ ...settings, ...change }, { ...around, ...more }).join(' | ')
  expect(warned({})).toBe('')
  expect(warned({}, { systemdVersion: 247 })).toContain('this host has 247')
  expect(warned({ restart: 'no' })).toContain('does not restart it at all')
  expect(warned({ restart: 'always' })).toContain('also where it ended well')
  expect(warned({ restartSeconds: 200, restartMaxDelaySeconds: 300 })).toContain('restarted for ever')
  expect(warned({ restartSteps: null })).toContain('both the steps and the longest delay')
  const present = readRestartSettings('Restart=no\nDropInPaths=/p/10-a.conf /p/90-z.conf')
  expect(dropInWarnings(settings, { ...around, present }).join()).toBe(
    '/p/90-z.conf comes after it, and wins where both say something.',
  )
  expect(dropInWarnings(null, around)).toEqual(['There is no such file, so nothing would change.'])
})

it('believes only what systemd itself says', () => {
  const text = (path: string, restart = 'on-failure'): string =>
    `Restart=${restart}\nRestartUSec=5s\nStartLimitBurst=5\nStartLimitIntervalUSec=10min\nDropInPaths=${path}\n`
  const problem = (shown: string, loadState: string | null = 'loaded', wanted: typeof settings | null = settings) =>
    dropInProblem(wanted, around.path, { loadState, restart: readRestartSettings(shown) })
  expect(problem(text(around.path))).toBeNull()
  expect(problem(text(around.path), 'bad-setting')).toContain('cannot load')
  expect(problem(text(''))).toContain('does not read it')
  expect(problem(text(around.path, 'no'))).toContain('Restart=no instead')
  expect(problem('', null)).toContain('did not say')
  expect(problem(text(around.path), 'loaded', null)).toContain('still reads it')
  expect(problem(text(''), 'loaded', null)).toBeNull()
})

it('reads time spans as systemctl prints them', () => {
  const seconds = (text: string) => readRestartSettings(`Restart=no\nRestartUSec=${text}`)?.restartSeconds
  expect(['100ms', '1min 30s', '0', '2h', '1w 1d', 'infinity', 'soon', ''].map(seconds)).toEqual([
    ...[0.1, 90, 0, 7_200, 691_200],
    ...[null, null, null],
  ])
  expect(readRestartSettings('no such thing')).toBeNull()
})

it('tells differences as diff -u does', () => {
  expect(unifiedDiff('a\n', 'a\n', 'f')).toBe('')
  expect(unifiedDiff(null, 'a\nb\n', 'f')).toBe('--- /dev/null\n+++ f\n@@ -0,0 +1,2 @@\n+a\n+b\n')
  expect(unifiedDiff('a\n', null, 'f')).toBe('--- f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n')
  const lines = Array.from({ length: 30 }, (_, n) => `line ${n + 1}`)
  const other = lines.map((line, n) => (n === 4 || n === 24 ? `${line}!` : line))
  expect(unifiedDiff(lines.join('\n'), other.join('\n'), 'f')).toBe(
    [
      ...['--- f', '+++ f', '@@ -2,7 +2,7 @@', ' line 2', ' line 3', ' line 4', '-line 5', '+line 5!', ' line 6'],
      ...[' line 7', ' line 8', '@@ -22,7 +22,7 @@', ' line 22', ' line 23', ' line 24', '-line 25', '+line 25!'],
      ...[' line 26', ' line 27', ' line 28', ''],
    ].join('\n'),
  )
})
