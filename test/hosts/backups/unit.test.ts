// The kind `unit` on a real host: proposed for a bot, taken, restored all or none, and no file that is not the service's.
import { describe, expect, test } from 'vitest'
import type { SourceContext } from '../../../src/engine/backups/source.ts'
import { unitSource } from '../../../src/engine/backups/unit.ts'
import { tarOf } from '../../unit/engine/backups/tar.ts'
import { sharedHost } from '../lib/vitest.ts'
import { ready } from '../remote/support.ts'
import { killRestores } from './killed-restore.ts'
import { artefactOf, inContext, take } from './source-support.ts'

const root = { user: 'deploy', sudo: 'passwordless' } as const

describe("a service's definition", () => {
  const host = sharedHost({ suite: 'bookworm' })
  const sh = async (script: string): Promise<string> => (await host().exec(script)).stdout.trim()
  const call = async <T>(work: (context: SourceContext) => Promise<T>): Promise<T> =>
    inContext(await ready(host(), root), work)

  const install = `rm -rf /etc/systemd/system/bot.service*; mkdir -p /opt/bot/data /etc/systemd/system/bot.service.d
printf '[Service]\\nWorkingDirectory=/opt/bot\\nEnvironmentFile=/etc/bot.env\\nEnvironmentFile=-/etc/none.env\\nExecStart=/bin/sleep 1000\\n' >/etc/systemd/system/bot.service
printf '[Service]\\nNice=5\\n' >/etc/systemd/system/bot.service.d/nice.conf
echo TOKEN=secret >/etc/bot.env; chmod 600 /etc/bot.env; chown deploy: /etc/bot.env
rm -f /opt/bot/bot.db*; sqlite3 /opt/bot/bot.db 'CREATE TABLE t (a); INSERT INTO t VALUES (1)'; echo '# Netscape HTTP Cookie File' >/opt/bot/data/cookies.txt
chown -R deploy: /opt/bot; systemctl daemon-reload; systemctl start bot`

  test('a bot is proposed with definition, database and cookie file, each of which can be put back without the others', async () => {
    await sh(install)
    const proposed = await call(
      async context => (await unitSource.propose?.(context, { scope: 'system', name: 'bot.service' })) ?? [],
    )
    expect(proposed.map(({ source }) => [source.key, source.type])).toEqual([
      ['definition', 'unit'],
      ['bot-db', 'sqlite'],
      ['cookies-txt', 'files'],
    ])
    expect(proposed[0]?.source.spec).toMatchObject({ files: ['/etc/bot.env', '/etc/none.env'] })
    expect(proposed[2]?.source.spec).toMatchObject({ path: '/opt/bot/data/cookies.txt' })
    await sh('rm /opt/bot/bot.db*')
    const without = await call(
      async context => (await unitSource.propose?.(context, { scope: 'system', name: 'bot.service' })) ?? [],
    )
    expect(without.map(({ source }) => [source.key, source.spec.path])).toEqual([
      ['definition', undefined],
      ['folder', '/opt/bot'],
    ])
    expect(JSON.stringify(proposed)).not.toContain('secret')
  })

  test('S32 it is put back whole, with its rights, and systemd reads it again; and back', async () => {
    await sh(install)
    const spec = unitSource.spec.parse({ name: 'bot.service', files: ['/etc/bot.env', '/etc/none.env'] })
    const link = await ready(host(), root)
    const taken = await take(unitSource, link, spec)
    expect(taken.end.notes).toEqual(['/etc/none.env is not there.'])
    expect(JSON.stringify([taken.end, taken.said])).not.toContain('secret')
    await sh(
      `printf '[Service]\\nExecStart=/bin/sleep 5\\n' >/etc/systemd/system/bot.service; rm -r /etc/systemd/system/bot.service.d; echo TOKEN=other >/etc/bot.env; systemctl daemon-reload`,
    )
    const staging = { id: 'unit1' }
    await call(context => unitSource.stage(context, spec, taken.artefact, staging))
    expect(await sh('cat /etc/bot.env')).toBe('TOKEN=other')
    const evidence = await call(context => unitSource.check(context, spec, taken.artefact.part, staging))
    expect(evidence).toMatchObject([{ ok: true, text: expect.stringContaining('3 files') }])
    await call(context => unitSource.swap(context, spec, staging))
    expect(await sh('cat /etc/bot.env; stat -c "%a %U" /etc/bot.env')).toBe('TOKEN=secret\n600 deploy')
    expect(await sh('systemctl show -p Nice --value bot')).toBe('5')
    await call(context => unitSource.swapBack(context, spec, staging))
    expect(await sh('cat /etc/bot.env; ls /etc/systemd/system/bot.service.d')).toBe('TOKEN=other')
    expect(await sh('systemctl show -p Nice --value bot')).toBe('0')
    await call(context => unitSource.discard(context, spec, staging))
    expect(await sh('find /etc -name "*.quarterdeck-*"')).toBe('')
  })

  test('S32 killed in every step, at 20 moments, its files are all old or all new', { timeout: 300_000 }, async () => {
    const spec = unitSource.spec.parse({ name: 'several.service', files: ['/etc/several.env'] })
    const folder = '/etc/systemd/system/several.service'
    const write = (word: string): string =>
      `printf '[Service]\\nEnvironment=IS=${word}\\nExecStart=/bin/true\\n' >${folder}; echo IS=${word} >/etc/several.env; rm -rf ${folder}.d`
    await sh(
      `${write('new')}; mkdir -p ${folder}.d; printf '[Service]\\nEnvironment=ALSO=new\\n' >${folder}.d/also.conf`,
    )
    const taken = await take(unitSource, await ready(host(), root), spec)
    const { wrong, ends, killed } = await killRestores({
      ...{ host: host(), type: unitSource, spec, artefact: taken.artefact, options: root, times: 20 },
      reset: async () => void (await sh(`${write('old')}; systemctl daemon-reload`)),
      present: async () => {
        const found = await sh(
          `cat ${folder} /etc/several.env ${folder}.d/* 2>/dev/null | grep -oE '=(old|new)$' | tr -d '\\n'`,
        )
        // of what is old there is no drop-in
        return found === '=old=old' ? 'old' : found === '=new=new=new' ? 'new' : found
      },
      leftovers: () => sh("find /etc -name '*.quarterdeck-*'"),
    })
    expect(wrong).toEqual([])
    expect(ends.old + ends.new).toBe(20)
    expect(Object.values(killed).every(count => count > 0)).toBe(true)
  })

  test('S33 an archive with a file that is not of the service writes nothing', async () => {
    await sh(install)
    const spec = unitSource.spec.parse({ name: 'bot.service', files: ['/etc/bot.env'] })
    const shadow = await sh('sha256sum /etc/shadow')
    const hostile = [
      { path: './etc/systemd/system/bot.service', content: '[Service]\nExecStart=/bin/true\n' },
      { path: './etc/shadow', content: 'root::1:0:99999:7:::\n' },
    ]
    for (const members of [hostile, [{ path: './etc/bot.env', content: 'x' }]]) {
      const raw = tarOf(members)
      const { createHash } = await import('node:crypto')
      const artefact = artefactOf(raw, {
        type: 'unit',
        spec,
        compression: 'none',
        rawBytes: raw.length,
        rawSha256: createHash('sha256').update(raw).digest('hex'),
      })
      const stage = call(context => unitSource.stage(context, spec, artefact, { id: 'hostile' }))
      await expect(stage).rejects.toMatchObject({ code: 'BACKUP_BAD' })
      const place = call(context => unitSource.restoreTo(context, spec, artefact, '/srv/hostile', { id: 'hostile' }))
      await expect(place).rejects.toMatchObject({ code: 'BACKUP_BAD' })
    }
    expect(await sh('sha256sum /etc/shadow; find /etc /srv -name "*.quarterdeck-*" -o -name hostile')).toBe(shadow)
  })
})
