// Replaces cookie files on real hosts, as root and as their owner, and proves that nothing of them is lost (semantics 26, 27).
import { describe, expect, test } from 'vitest'
import { inspectFile } from '../../../src/engine/cookies/remote-file.ts'
import { suites } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { ready } from '../remote/support.ts'
import { isOld, names, put, restoreBackup, shaOf, state, write } from './remote-file-support.ts'

describe.each(suites)('%s', suite => {
  const host = sharedHost({ suite })

  test('S27 the owner, root by sudo and a fish user replace a file; owner, group and mode stay, the old one lies beside it', async () => {
    const ways = [
      { user: 'deploy', sudo: 'none', owner: 'deploy:deploy', folderOwner: 'deploy', as: false },
      { user: 'deploy', sudo: 'passwordless', owner: 'deploy:deploy', folderOwner: 'deploy', as: true },
      { user: 'deploy', sudo: 'passwordless', owner: 'norights:adm', folderOwner: 'norights', as: true },
      { user: 'deploy', sudo: 'passwordless', owner: 'norights:adm', folderOwner: 'root', as: true },
      { user: 'sam', sudo: 'password', owner: 'root:root', folderOwner: 'root', as: true },
      { user: 'norights', sudo: 'none', owner: 'norights:norights', folderOwner: 'norights', as: false },
      { user: 'fishy', sudo: 'passwordless', owner: 'deploy:deploy', folderOwner: 'deploy', as: true },
    ] as const
    for (const [at, { user, sudo, owner, folderOwner, as }] of ways.entries()) {
      const secrets = user === 'sam' ? { sudoPassword: host().passwords.sam } : {}
      const link = await ready(host(), { user, sudo, secrets })
      const path = await put(host(), `/opt/way-${at}/cookies.txt`, 'old\n', { owner, folderOwner, mode: '640' })
      const facts = await inspectFile(link, path, { sudo: as })
      expect(facts).toMatchObject({
        kind: 'file',
        bytes: 4,
        sha256: shaOf('old\n'),
        mode: '0640',
        links: 1,
        acl: false,
      })
      expect(`${facts.owner}:${facts.group}`).toBe(owner)
      expect(facts.problems).toEqual([])
      const result = await write(link, path, 'old\n', 'new\0\n', as)
      expect(result).toMatchObject({ ok: true, sha256: shaOf('new\0\n') })
      expect(await state(host(), path)).toEqual({ stat: `${owner} 640 1 regular file`, content: 'new\0\n' })
      const all = await names(host(), `/opt/way-${at}`)
      expect(all).toHaveLength(2)
      expect(isOld(all[0] ?? '')).toBe(true)
      if (!result.ok) throw new Error(result.message)
      expect(result.backup).toBe(`/opt/way-${at}/${all[0]}`)
      expect(await state(host(), result.backup)).toEqual({ stat: `${owner} 600 1 regular file`, content: 'old\n' })
      // and back again, as it was
      const back = await restoreBackup(link, path, result.backup, { sudo: as, expectedSha256: shaOf('new\0\n') })
      expect(back).toMatchObject({ ok: true, sha256: shaOf('old\n') })
      expect(await state(host(), path)).toEqual({ stat: `${owner} 640 1 regular file`, content: 'old\n' })
      expect(await names(host(), `/opt/way-${at}`)).toEqual(all)
      await link.dispose()
    }
  })
})
