// Semantics 33 on a real host, as root: archives that want out are refused, and not a byte lands outside of what is thrown away.
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { filesSource } from '../../../src/engine/backups/files.ts'
import type { Artefact, SourceContext } from '../../../src/engine/backups/source.ts'
import { type Member, pax, tarOf } from '../../unit/engine/backups/tar.ts'
import { sharedHost } from '../lib/vitest.ts'
import { ready } from '../remote/support.ts'
import { artefactOf, inContext } from './source-support.ts'

const root = { user: 'deploy', sudo: 'passwordless' } as const
const spec = filesSource.spec.parse({ path: '/opt/app', asRoot: true })
const first: Member = { path: './', type: '5', mode: 0o755 }

const hostile: readonly (readonly [string, readonly Member[]])[] = [
  ['an absolute path', [{ path: '/etc/quarterdeck-was-here', content: 'x' }]],
  ['a path that goes up', [{ path: './../../../etc/quarterdeck-was-here', content: 'x' }]],
  [
    'a link out and a file through it',
    [
      { path: './l', type: '2', target: '/etc' },
      { path: './l/quarterdeck-was-here', content: 'x' },
    ],
  ],
  [
    'a relative link out and a file through it',
    [
      { path: './l', type: '2', target: '../../../../etc' },
      { path: './l/quarterdeck-was-here', content: 'x' },
    ],
  ],
  [
    'a hard link to the shadow file, written to',
    [
      { path: './h', type: '1', target: '/etc/shadow' },
      { path: './h', content: 'root::1::::::\n' },
    ],
  ],
  [
    'a path of pax that goes up',
    [pax({ path: '../../../etc/quarterdeck-was-here' }), { path: './innocent', content: 'x' }],
  ],
  ['a device', [{ path: './sda', type: '4' }]],
  ['a setuid shell', [{ path: './sh', mode: 0o4755, content: '#!/bin/sh\n' }]],
]

function archive(members: readonly Member[]): Artefact {
  const raw = tarOf([first, ...members])
  const rawSha256 = createHash('sha256').update(raw).digest('hex')
  return artefactOf(raw, { type: 'files', spec, compression: 'none', rawBytes: raw.length, rawSha256 })
}

describe('hostile archives', () => {
  const host = sharedHost({ suite: 'bookworm' })
  const sh = async (script: string): Promise<string> => (await host().exec(script)).stdout.trim()

  test.each(hostile)('S33 %s', async (_name, members) => {
    await sh('mkdir -p /opt/app; echo mine >/opt/app/mine')
    const link = await ready(host(), root)
    const call = <T>(work: (context: SourceContext) => Promise<T>): Promise<T> => inContext(link, work)
    const before = await sh('sha256sum /etc/shadow; stat -c %h /etc/shadow; find /etc /opt | sort | sha256sum')
    const bad = archive(members)
    await expect(call(context => filesSource.verify(context, spec, bad))).rejects.toMatchObject({ code: 'BACKUP_BAD' })
    await expect(call(context => filesSource.stage(context, spec, bad, { id: 'bad' }))).rejects.toMatchObject({
      code: 'BACKUP_BAD',
    })
    expect(await call(context => filesSource.stagedState(context, spec, { id: 'bad' }))).toBe('nothing')
    await expect(call(context => filesSource.swap(context, spec, { id: 'bad' }))).rejects.toThrow(/Nothing is staged/)
    await call(context => filesSource.discard(context, spec, { id: 'bad' }))
    const elsewhere = call(context => filesSource.restoreTo(context, spec, bad, '/opt/other', { id: 'bad' }))
    await expect(elsewhere).rejects.toMatchObject({ code: 'BACKUP_BAD' })
    expect(await call(context => filesSource.settleTo(context, spec, '/opt/other', { id: 'bad' }))).toBe(false)
    const drilled = await call(context => filesSource.drill(context, spec, bad))
    expect(drilled.some(({ ok }) => !ok)).toBe(true)
    expect(await sh('sha256sum /etc/shadow; stat -c %h /etc/shadow; find /etc /opt | sort | sha256sum')).toBe(before)
    expect(await sh('ls -A /tmp /var/tmp | grep quarterdeck || true; find / -xdev -name "quarterdeck-was-here"')).toBe(
      '',
    )
  })
})
