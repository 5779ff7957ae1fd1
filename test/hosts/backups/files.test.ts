// The kind `files` on real hosts: rights, owners and attributes kept, taken while it changes, restored in one step or not at all.
import { randomBytes } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { filesSource } from '../../../src/engine/backups/files.ts'
import type { SourceContext } from '../../../src/engine/backups/source.ts'
import { sharedHost } from '../lib/vitest.ts'
import { codeOf, ready } from '../remote/support.ts'
import { killRestores } from './killed-restore.ts'
import { inContext, take } from './source-support.ts'

const root = { user: 'deploy', sudo: 'passwordless' } as const

describe.each(['bookworm', 'bullseye'] as const)('files of %s', suite => {
  const host = sharedHost({ suite })
  const sh = async (script: string): Promise<string> => (await host().exec(script)).stdout.trim()
  const call = async <T>(work: (context: SourceContext) => Promise<T>): Promise<T> =>
    inContext(await ready(host(), root), work)
  /** Everything that is to be the same afterwards. */
  const picture = (path: string): Promise<string> =>
    sh(`cd ${path} && find . -printf '%p %y %m %U:%G %l %T@\\n' | sort; find . -type f -exec sha256sum {} + | sort; python3 -c '
import os
for top, _, names in sorted(os.walk(".")):
    for name in sorted(names):
        path = os.path.join(top, name)
        try: print(path, [(key, os.getxattr(path, key)) for key in os.listxattr(path, follow_symlinks=False)] if not os.path.islink(path) else "")
        except OSError as error: print(path, error)'`)

  const make = `rm -rf /opt/bot /opt/.*quarterdeck*; mkdir -p /opt/bot/sub/deep /opt/bot/cache /opt/bot/venv/bin; cd /opt/bot
echo one >one; printf 'a\\0b' >'sub/t w'; ln -s ../one sub/link; ln one hard; head -c 300000 /dev/urandom >sub/deep/random
printf x >'-dash\\b'; printf ü >'grün"$(x)'; touch empty; echo c >cache/c; echo l >bot.log; echo d >sub/deep/deep.log
ln -s /usr/bin/python3 venv/bin/python; mkfifo pipe; echo su >su; chmod 4755 su; chmod 640 one; chmod 2770 sub; chmod 400 sub/deep/random
chown -R deploy:deploy .; chown 1002:1003 'sub/t w'; chown -h 1003:1003 sub/link; chmod 4755 su
python3 -c 'import os; os.setxattr("one", "user.note", b"kept")' || true; touch -d '2020-02-02 02:02:02.123456789 UTC' sub/deep/random`

  test('a restore in place gives all back as it was, and what the backup leaves out stays', async () => {
    await sh(make)
    const spec = filesSource.spec.parse({ path: '/opt/bot', excludes: ['*.log', 'cache'], asRoot: true })
    const link = await ready(host(), root)
    const before = await picture('/opt/bot')
    const taken = await take(filesSource, link, spec)
    expect(taken.said).toMatch(/^Every entry of the archive was read: 8 files in 5 folders/)
    expect(taken.end.notes.join()).toContain('./venv/bin/python -> /usr/bin/python3')
    expect(taken.end.notes.join()).toMatch(
      /2 setuid files, devices, pipes or sockets were left out: \.\/(su|pipe), \.\/(su|pipe)/,
    )
    const items = await call(context => filesSource.items?.(context, taken.artefact) ?? Promise.resolve([]))
    expect(items.map(({ path }) => path)).toContain('grün"$(x)')
    expect(items.some(({ path }) => /log|cache|pipe|^su$/.test(path))).toBe(false)

    await sh(`cd /opt/bot; echo changed >one; rm -rf sub; echo more >more; echo fresh >cache/c`)
    const changed = await picture('/opt/bot')
    const staging = { id: 'files1' }
    await call(context => filesSource.stage(context, spec, taken.artefact, staging))
    expect(await picture('/opt/bot')).toBe(changed)
    const evidence = await call(context => filesSource.check(context, spec, taken.artefact.part, staging))
    expect(evidence.every(({ ok }) => ok)).toBe(true)
    // what is left out may be written to until it is swapped
    await sh('echo last >/opt/bot/cache/c')
    const { kept } = await call(context => filesSource.swap(context, spec, staging))
    expect(await sh('cat /opt/bot/cache/c')).toBe('last')
    await sh('echo c >/opt/bot/cache/c')
    const still = (text: string): string =>
      text
        .split('\n')
        .filter(line => !/cache|^\. d|venv|deep\.log|deep d|sub d/.test(line))
        .join('\n')
    expect(still(await picture('/opt/bot'))).toBe(still(before))
    expect(
      await sh('stat -c "%a %U" /opt/bot/sub; test -L /opt/bot/venv/bin/python && test -p /opt/bot/pipe && echo all'),
    ).toBe('2770 deploy\nall')
    expect(await sh(`cat ${kept}/one ${kept}/more`)).toBe('changed\nmore')
    await call(context => filesSource.swapBack(context, spec, staging))
    expect(await sh('cat /opt/bot/one')).toBe('changed')
    await call(context => filesSource.discard(context, spec, staging))
    expect(await sh('ls -A /opt')).toBe('bot')
  })

  test('a drill unpacks it on the host, compares a sample, and leaves nothing', async () => {
    await sh(make)
    const spec = filesSource.spec.parse({ path: '/opt/bot', asRoot: true })
    const taken = await take(filesSource, await ready(host(), root), spec)
    const evidence = await call(context => filesSource.drill(context, spec, taken.artefact))
    expect(evidence).toMatchObject([{ ok: true }, { ok: true, text: expect.stringMatching(/sample of \d+ files/) }])
    expect(await sh('ls -A /var/tmp /tmp | grep quarterdeck || true')).toBe('')
  })

  test('one file, one item of a folder, and another place', async () => {
    await sh(make)
    const link = await ready(host(), root)
    const spec = filesSource.spec.parse({ path: '/opt/bot/one', asRoot: true })
    const taken = await take(filesSource, link, spec)
    await sh('echo changed >/opt/bot/one')
    const staging = { id: 'file1' }
    await call(context => filesSource.stage(context, spec, taken.artefact, staging))
    await call(context => filesSource.swap(context, spec, staging))
    expect(await sh('cat /opt/bot/one; stat -c "%a %U" /opt/bot/one')).toBe('one\n640 deploy')
    await call(context => filesSource.dropOld(context, spec, staging))
    expect(await sh('ls -A /opt/bot | grep quarterdeck || true')).toBe('')

    const folder = filesSource.spec.parse({ path: '/opt/bot', includes: ['sub'], asRoot: true })
    const part = await take(filesSource, link, folder)
    const text = await inContext(link, async context => {
      const stream = await filesSource.extract?.(context, part.artefact, 'sub/t w')
      const chunks: Buffer[] = []
      for await (const chunk of stream ?? []) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks).toString()
    })
    expect(text).toBe('a\0b')
    const to = (id: string) =>
      call(context => filesSource.restoreTo(context, folder, part.artefact, '/srv/elsewhere', { id }))
    const settle = (id: string) => call(context => filesSource.settleTo(context, folder, '/srv/elsewhere', { id }))
    expect(await to('there')).toBe('/srv/elsewhere')
    expect([await settle('there'), await settle('there')]).toEqual([true, false])
    expect(await sh('cd /srv/elsewhere; find . -type f | sort')).toBe(
      './sub/deep/deep.log\n./sub/deep/random\n./sub/t w',
    )
    expect(await codeOf(to('again'))).toBe('COMMAND_FAILED')
    expect(await settle('again')).toBe(false)
    expect(await sh('ls -A /srv; ls /srv/elsewhere')).toBe('elsewhere\nsub')
  })

  test('files that change and go while it runs are told; what may not be read fails it', async () => {
    await sh(make)
    await sh(
      `systemctl stop churn 2>/dev/null; systemd-run -q --unit churn sh -c 'cd /opt/bot/sub; while :; do for i in 1 2 3 4 5 6 7 8 9; do echo $i >j$i; head -c 200000 /dev/zero >>grow; rm -f j$i; done; : >grow; done'`,
    )
    onTestFinished(async () => void (await sh('systemctl stop churn; rm -rf /opt/bot')))
    const link = await ready(host(), root)
    for (let n = 0; n < 5; n++) {
      const taken = await take(filesSource, link, { path: '/opt/bot', asRoot: true })
      expect(taken.said).toMatch(/^Every entry/)
    }
    await sh('install -d -m 700 -o root /opt/bot/secret; echo x >/opt/bot/secret/x')
    const denied = take(filesSource, link, { path: '/opt/bot', excludes: ['su'] })
    await expect(denied).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    await expect(take(filesSource, link, { path: '/opt/nothing' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('a restore of a folder', () => {
  const host = sharedHost({ suite: 'bookworm' })
  const sh = async (script: string): Promise<string> => (await host().exec(script)).stdout.trim()

  test('S32 killed at 50 moments it is all old or all new, 50 of 50', { timeout: 900_000 }, async () => {
    const spec = filesSource.spec.parse({ path: '/opt/app', asRoot: true })
    const fill = (text: string): string =>
      `rm -rf /opt/app; mkdir -p /opt/app/sub; for i in $(seq 40); do echo ${text} >/opt/app/sub/$i; done`
    await sh(`${fill('new')}; head -c 2000000 /dev/urandom >/opt/app/large`)
    const taken = await take(filesSource, await ready(host(), root), spec)
    const { wrong, ends } = await killRestores({
      host: host(),
      type: filesSource,
      spec,
      artefact: taken.artefact,
      options: root,
      times: 50,
      reset: async () => void (await sh(`${fill('old')}; echo ${randomBytes(4).toString('hex')} >/opt/app/own`)),
      present: async () => {
        const found = await sh('cat /opt/app/sub/* 2>&1 | sort | uniq -c; ls /opt/app | wc -l')
        if (/^40 old\s+2$/.test(found)) return 'old'
        // of the present folder's own files none comes along: nothing was left out
        return /^40 new\s+2$/.test(found) ? 'new' : found
      },
      leftovers: () => sh('ls -A /opt | grep quarterdeck || true'),
    })
    expect(wrong).toEqual([])
    expect(ends.old + ends.new).toBe(50)
    expect(ends.old).toBeGreaterThan(0)
    expect(ends.new).toBeGreaterThan(0)
  })
})
