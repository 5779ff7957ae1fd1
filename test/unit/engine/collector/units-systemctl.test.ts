// What systemctl prints becomes services; what a limit cut off is neither believed nor taken for gone.
import { expect, test } from 'vitest'
import { openUnits } from '../../../../src/engine/collector/units.ts'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { createLocalLink } from '../../../../src/engine/local/local-link.ts'
import { parseHostReport } from '../../../../src/engine/parse/host-facts.ts'
import type { ExecResult, Link } from '../../../../src/engine/ports.ts'
import type { Host } from '../../../../src/shared/model/host.ts'

const host: Host = {
  id: 'h',
  kind: 'ssh',
  name: 'h',
  address: 'h',
  port: 22,
  user: 'u',
  auth: { kind: 'agent' },
  sudo: 'none',
  jump: null,
  userUnits: false,
  createdAt: 0,
  stored: { password: false, passphrase: false, sudoPassword: false },
}

const block = (name: string, state = 'active'): string =>
  `Id=${name}.service\nLoadState=loaded\nActiveState=${state}\nSubState=x\nMainPID=7\nResult=success\n`

/** A link whose systemctl says `said.text`, cut where `said.cut` says so; nothing else is found on it. */
function saying(said: { text: string; cut: boolean }, clock: ManualClock): Link {
  const link = createLocalLink({ clock })
  link.exec = async (argv): Promise<ExecResult> => {
    const shows = argv.includes('show')
    return {
      exit: 0,
      signal: null,
      lost: false,
      timedOut: false,
      truncated: shows && said.cut,
      stdout: new TextEncoder().encode(shows ? said.text : ''),
      stderr: new Uint8Array(),
      generation: link.status.generation,
    }
  }
  return link
}

test('S36 a list that was cut off: the half unit is left out, and nobody is gone for it', async () => {
  const clock = new ManualClock()
  const said = { text: [block('a'), block('b'), block('c', 'failed')].join('\n'), cut: false }
  const link = saying(said, clock)
  const report = parseHostReport('uid=0\nsystemd=yes\nsystemctl=yes\n')
  const log = silentLogger
  const units = await openUnits({ link, host, scope: 'system', report, clock, log, sources: ['systemctl'] })
  const changes: string[] = []
  units.onChange(({ unit }) => changes.push(`${unit.name} ${unit.activeState}`))
  units.onRemoved(name => changes.push(`${name} removed`))
  expect(units.problem).toBeNull()

  said.text = `${block('a', 'failed')}\n${block('b').slice(0, -40)}`
  said.cut = true
  await clock.advanceAsync(20_000, 5_000)
  await expect.poll(() => changes).toEqual(['a.service failed'])
  expect(units.list().map(({ name, activeState }) => `${name} ${activeState}`)).toEqual([
    'a.service failed',
    'b.service active',
    'c.service failed',
  ])
  expect(units.problem).toMatchObject({ code: 'OUTPUT_LIMIT' })

  said.text = block('a')
  said.cut = false
  await clock.advanceAsync(20_000, 5_000)
  await expect.poll(() => changes.slice(1)).toEqual(['a.service active', 'b.service removed', 'c.service removed'])
  await units.dispose()
})
