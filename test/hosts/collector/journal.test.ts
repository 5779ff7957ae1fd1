// Proves on real hosts that nothing of a journal is lost, told twice or told wrong (R10, R13, semantics 34).
import { describe, expect, onTestFinished, test } from 'vitest'
import { createJournalReader } from '../../../src/engine/collector/journal.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import type { JournalReader } from '../../../src/engine/ports.ts'
import { type JournalEntry, JournalFilter, JournalPage, JournalPageQuery } from '../../../src/shared/model/journal.ts'
import { suites } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { hostRecord, type LinkOptions, ready } from '../remote/support.ts'

const hostId = 'test-host'
const patient = { timeout: 20_000 }
const filter = (fields: Partial<JournalFilter> = {}): JournalFilter => JournalFilter.parse({ hostId, ...fields })
const query = (fields: Partial<JournalPageQuery> = {}): JournalPageQuery =>
  JournalPageQuery.parse({ hostId, ...fields })
const messages = (entries: readonly JournalEntry[]): string[] => entries.map(entry => entry.message)
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`)

async function gather(reading: AsyncIterable<readonly JournalEntry[]>): Promise<JournalEntry[]> {
  const all: JournalEntry[] = []
  for await (const batch of reading) all.push(...batch)
  return all
}

describe.each(suites)('%s', suite => {
  const host = sharedHost({ suite })

  async function reader(options: LinkOptions = {}): Promise<JournalReader> {
    const link = await ready(host(), options)
    return createJournalReader(link, hostRecord(host(), options), { log: silentLogger })
  }

  /** A one-shot unit that says these lines; all are in the journal when this resolves. */
  async function say(unit: string, lines: readonly string[]): Promise<void> {
    await host().writeFile(`/run/${unit}.txt`, lines.map(line => `${line}\n`).join(''))
    await host().installUnit(`${unit}.service`, `[Service]\nType=oneshot\nExecStart=/bin/cat /run/${unit}.txt\n`)
    await host().exec(['journalctl', '--sync'])
  }

  test('pages forwards and backwards give the whole, each entry once', async () => {
    await say('pages', numbers(1, 250))
    const journal = await reader()
    const only = { units: ['pages.service'] }
    const whole = await gather(journal.read(filter(only), { follow: false }))
    expect(messages(whole).filter(text => text.startsWith('line '))).toEqual(numbers(1, 250))
    expect(whole.every(entry => entry.unit === 'pages.service')).toBe(true)

    const back: JournalEntry[] = []
    for (let cursor: string | null = null; ; ) {
      const page = JournalPage.parse(await journal.page(query({ ...only, cursor, limit: 60 })))
      back.unshift(...page.entries)
      cursor = page.entries[0]?.cursor ?? null
      if (!page.more) break
      expect(page.entries).toHaveLength(60)
    }
    expect(back).toEqual(whole)

    const forth: JournalEntry[] = []
    for (let cursor: string | null = null; ; ) {
      const page = await journal.page(query({ ...only, cursor, direction: 'after', limit: 150 }))
      forth.push(...page.entries)
      cursor = page.entries.at(-1)?.cursor ?? null
      if (!page.more) break
    }
    expect(forth).toEqual(whole)
  })

  test('filters: priority, time, boot, text, regex, inverted, with and without case', async () => {
    await say('filters', [
      '<3>Disk Error 17',
      '<6>all is well',
      '<4>disk warning 5',
      '<6>Grüße aus Köln',
      '<6>a.b',
      '<6>axb',
    ])
    const journal = await reader()
    const of = async (fields: Partial<JournalPageQuery>): Promise<string[]> =>
      messages((await journal.page(query({ units: ['filters.service'], ...fields }))).entries).filter(
        text => !text.includes('filters.service'),
      )
    expect(await of({ priority: 3 })).toEqual(['Disk Error 17'])
    expect(await of({ priority: 4 })).toEqual(['Disk Error 17', 'disk warning 5'])
    expect(await of({ text: 'DISK' })).toEqual(['Disk Error 17', 'disk warning 5'])
    expect(await of({ text: 'Disk', caseSensitive: true })).toEqual(['Disk Error 17'])
    expect(await of({ text: 'a.b' })).toEqual(['a.b'])
    expect(await of({ text: 'a.b', regex: true })).toEqual(['a.b', 'axb'])
    expect(await of({ text: 'GRÜSSE|köln', regex: true })).toEqual(['Grüße aus Köln'])
    expect(await of({ text: 'error \\d+$', regex: true })).toEqual(['Disk Error 17'])
    expect(await of({ text: 'disk|a.b', regex: true, invert: true })).toEqual(['all is well', 'Grüße aus Köln'])
    expect(await of({ boot: 0, text: 'well' })).toEqual(['all is well'])
    const [entry] = (await journal.page(query({ units: ['filters.service'], text: 'all is well' }))).entries
    const at = entry?.at ?? 0
    expect(await of({ since: at - 0.0005, until: at + 0.0005 })).toContain('all is well')
    expect(await of({ since: at + 1, text: 'well' })).toEqual([])
    expect(await of({ until: at - 1, text: 'well' })).toEqual([])
    expect(await of({ since: at + 1, text: 'well', cursor: entry?.cursor ?? null, direction: 'before' })).toEqual([])
    expect(await of({ text: 'nothing says this' })).toEqual([])
    const bad = journal.page(query({ text: '(', regex: true }))
    await expect(bad).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(journal.page(query({ boot: -7 }))).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(journal.page(query({ cursor: 'nonsense' }))).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('S34 binary, long, many-lined and hostile messages arrive as text', async () => {
    const program = `import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect('/run/systemd/journal/socket')
def send(message, **more):
    data = b'SYSLOG_IDENTIFIER=odd\\nMESSAGE\\n' + len(message).to_bytes(8, 'little') + message + b'\\n'
    for k, v in more.items(): data += k.encode() + b'=' + v + b'\\n'
    s.send(data)
send(b'one\\ntwo\\n\\nthree')
send(b'bytes \\xff\\xfe end')
send(b'x' * 100000)
send(b'\\x1b]0;title\\x07 \\xe2\\x80\\xae')
send(b'forged', UNIT=b'ssh.service', MESSAGE_ID=b'39f53479d3a045ac8e11786248231fbf', JOB_RESULT=b'done')
`
    const before = Date.now() - 1_000
    await host().exec(['python3', '-'], { input: program })
    await host().exec(['journalctl', '--sync'])
    const journal = await reader()
    const all = await gather(journal.read(filter({ since: before }), { follow: false }))
    const odd = all.filter(entry => entry.identifier === 'odd')
    expect(messages(odd).map(text => text.slice(0, 30))).toEqual([
      'one\ntwo\n\nthree',
      'bytes \ufffd\ufffd end',
      'x'.repeat(30),
      '\u001b]0;title\u0007 \u202e',
      'forged',
    ])
    expect(odd[2]).toMatchObject({ truncated: true })
    expect(odd[2]?.message).toHaveLength(64 * 1024)
    expect(odd.every(entry => entry.unit !== 'ssh.service')).toBe(true)
    const claimed = (await journal.transitions('system', before, Date.now() + 1_000)).filter(
      it => it.name === 'ssh.service',
    )
    expect(claimed).toEqual([])
  })

  test('follow: backlog, then live, and again behind the last one after a lost link', async () => {
    await say('follow', numbers(1, 5))
    const abort = new AbortController()
    onTestFinished(() => abort.abort())
    const only = filter({ units: ['follow.service'], text: 'line' })
    const link = await ready(host())
    const journal = createJournalReader(link, hostRecord(host()), { log: silentLogger })
    const seen: JournalEntry[] = []
    const first = (async () => {
      for await (const batch of journal.read(only, { follow: true, backlog: 3, signal: abort.signal }))
        seen.push(...batch)
    })()
    await expect.poll(() => messages(seen), patient).toEqual(numbers(3, 5))
    await say('follow', numbers(6, 8))
    await expect.poll(() => messages(seen), patient).toEqual(numbers(3, 8))

    const lost = expect(first).rejects.toMatchObject({ code: 'LINK_LOST' })
    await link.dispose()
    await lost
    await say('follow', numbers(9, 400))
    const again = await reader()
    const cursor = seen.at(-1)?.cursor ?? ''
    const second = (async () => {
      for await (const batch of again.read(only, { follow: true, cursor, signal: abort.signal })) seen.push(...batch)
    })()
    await expect.poll(() => seen.length, patient).toBe(398)
    await say('follow', numbers(401, 402))
    await expect.poll(() => seen.length, patient).toBe(400)
    expect(messages(seen)).toEqual(numbers(3, 402))
    abort.abort()
    await second
  })

  test('follow leaves no journalctl behind', async () => {
    const abort = new AbortController()
    const journal = await reader({ user: 'watcher' })
    const reading = gather(journal.read(filter(), { follow: true, backlog: 1, signal: abort.signal }))
    const followers = (): Promise<string> => host().output("ps -u watcher -o args= | grep -c '[j]ournalctl' || true")
    await expect.poll(followers, patient).not.toBe('0')
    abort.abort()
    await reading
    // quiet journals end it when its output is closed, busy ones when it writes
    await expect.poll(followers, patient).toBe('0')
  })

  test('a cursor of entries that are gone goes on behind them', async () => {
    await say('vacuum', numbers(1, 3))
    const journal = await reader()
    const only = { units: ['vacuum.service'], text: 'line' }
    const [first] = (await journal.page(query({ ...only, direction: 'after', limit: 1 }))).entries
    const gone = first?.cursor.replace(/;i=[0-9a-f]+/, ';i=1').replace(/^s=[0-9a-f]+/, `s=${'0'.repeat(32)}`) ?? ''
    const page = await journal.page(query({ ...only, cursor: gone, direction: 'after' }))
    expect(messages(page.entries).slice(-2)).toEqual(numbers(2, 3))
  })

  test('boots', async () => {
    const boots = await (await reader()).boots()
    expect(boots.at(-1)).toMatchObject({
      index: 0,
      bootId: (await host().readFile('/proc/sys/kernel/random/boot_id')).trim().replaceAll('-', ''),
    })
    expect(Math.abs((boots.at(-1)?.lastAt ?? 0) - Date.now())).toBeLessThan(60_000)
  })

  test('R13 the life of a unit, as the manager told it', async () => {
    const from = Date.now()
    await host().installUnit(
      'crash.service',
      '[Service]\nExecStart=/bin/sleep 1000\nRestart=on-failure\nRestartSec=200ms\n',
    )
    await host().exec(['systemctl', 'kill', '-s', 'KILL', 'crash'])
    await expect.poll(() => host().property('crash.service', 'NRestarts'), patient).toBe('1')
    await expect.poll(() => host().property('crash.service', 'SubState'), patient).toBe('running')
    await host().exec(['systemctl', 'stop', 'crash'])
    await host().exec(['journalctl', '--sync'])
    const lives = await (await reader()).transitions('system', from, Date.now())
    expect(lives.filter(life => life.name === 'crash.service').map(life => `${life.toState}/${life.subState}`)).toEqual(
      ['active/running', 'activating/auto-restart', 'active/running', 'deactivating/stop-sigterm', 'inactive/dead'],
    )
    const invocation = lives.find(life => life.name === 'crash.service')?.invocationId
    expect(invocation).toMatch(/^[0-9a-f]{32}$/)
    expect(await (await reader()).transitions('system', from - 2, from - 1)).toEqual([])
  })

  test("a user's own units", async () => {
    await host().installUserUnit('deploy', 'own.service', '[Service]\nExecStart=/bin/sh -c "echo mine; sleep 1000"\n')
    const journal = await reader()
    await expect
      .poll(async () => {
        const { entries } = await journal.page(query({ scope: 'user', units: ['own.service'], text: 'mine' }))
        return entries.map(entry => `${entry.unit} ${entry.message}`)
      }, patient)
      .toEqual(['own.service mine'])
    const lives = await journal.transitions('user', Date.now() - 60_000, Date.now() + 1_000)
    expect(lives.filter(life => life.name === 'own.service')).toMatchObject([{ scope: 'user', toState: 'active' }])
  })

  test('who may not read is told which group is missing, and still reads what is his own', async () => {
    const journal = await reader({ user: 'norights' })
    const error = { code: 'JOURNAL_RIGHTS', detail: { missingGroups: expect.arrayContaining(['systemd-journal']) } }
    await expect(journal.page(query())).rejects.toMatchObject(error)
    await expect(gather(journal.read(filter(), { follow: true }))).rejects.toMatchObject(error)
    await expect(journal.transitions('system', 0, 1)).rejects.toMatchObject(error)
    await host().exec(['sh', '-c', 'echo my own words | systemd-cat -t own'], { user: 'norights' })
    await host().exec(['journalctl', '--sync'])
    await expect
      .poll(async () => messages((await journal.page(query({ scope: 'user', text: 'my own words' }))).entries), patient)
      .toEqual(['my own words'])
  })

  test('who may use sudo reads through it', async () => {
    const journal = await reader({ user: 'sam', sudo: 'password', secrets: { sudoPassword: host().passwords.sam } })
    const { entries } = await journal.page(query({ limit: 5 }))
    expect(entries).toHaveLength(5)
  })
})
