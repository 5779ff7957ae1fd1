// The pure parts of replacing a cookie file: names, rules, and how the host's answers are read (semantics 26, 27).
import { describe, expect, test } from 'vitest'
import { type Look, readLook, readWrite, sha256Of } from '../../../../src/engine/cookies/remote-file-answer.ts'
import { factsOf, presentOf } from '../../../../src/engine/cookies/remote-file-facts.ts'
import { isOldOf, oldPath, type Place, placeOf } from '../../../../src/engine/cookies/remote-file-names.ts'
import { lookProblem, problemsOf, stopProblem } from '../../../../src/engine/cookies/remote-file-rules.ts'
import { lookArgv, writeArgv } from '../../../../src/engine/cookies/remote-file-script.ts'
import { writeSteps } from '../../../../src/engine/cookies/remote-file-types.ts'

function place(path = '/opt/bot/cookies.txt'): Place {
  const named = placeOf(path)
  if (!named.ok) throw new Error(named.message)
  return named.place
}

const lines = [
  'me 1001 1001 4',
  'folder 1001 755 20:5 deploy',
  'folder-rights yes',
  'above 755',
  'above 755',
  'old 000001-20260101T000000Z-00000000',
  'file 1001 1001 640 1 20:7 3 1700000000 deploy deploy regular file',
  'acl setfacl',
  'readable yes',
]
const ended = 'content 20:7 3 2026-01-01 00:00:00.1 +0000'
const answer = (all: readonly string[], content: Uint8Array = Buffer.from('a\nb'), after = ended.slice(8)) =>
  readLook({
    exit: 0,
    stdout: Buffer.concat([Buffer.from(`${[...all, ended].join('\n')}\n`), content]),
    stderr: Buffer.from(`\nafter ${after}\n`),
    truncated: false,
  })

function look(change: Record<string, string> = {}): Look {
  const read = answer(
    lines.map(line => {
      const [word = ''] = line.split(' ')
      return change[word] === undefined ? line : `${word} ${change[word]}`
    }),
  )
  if (!read.ok) throw new Error(read.reason)
  return read.look
}

describe('names', () => {
  test('S26 only the absolute, well-formed path of a file is taken', () => {
    for (const path of [
      'cookies.txt',
      '',
      '/',
      '/opt/',
      '/opt/..',
      '/opt/.',
      '/a\0b',
      '/opt/\ufffd',
      '/opt/\ud800',
      `/${'x'.repeat(256)}`,
    ])
      expect(placeOf(path), path).toMatchObject({
        ok: false,
        message: expect.stringMatching(/./),
        hint: expect.stringMatching(/./),
      })
    expect(place('/cookies.txt')).toMatchObject({ folder: '/', name: 'cookies.txt' })
    expect(place('/a b/é\n.txt')).toMatchObject({ folder: '/a b', name: 'é\n.txt' })
  })

  test('S27 what is made beside the file is hidden, never ends as the file does, and is never taken for a cookie file', () => {
    const its = place()
    const old = oldPath(its, '000012-20260101T000000Z-0123456789abcdef')
    expect(old).toBe('/opt/bot/.cookies.txt.quarterdeck-old-000012-20260101T000000Z-0123456789abcdef')
    expect(isOldOf(its, old ?? '')).toBe(true)
    expect(placeOf(old ?? '')).toMatchObject({ ok: false })
    expect(placeOf(`/opt/bot/${its.unfinished}abc`)).toMatchObject({ ok: false })
    for (const ending of ['', '../../etc/passwd', '1-20260101T000000Z-01234567', '000012-20260101T000000Z-01234567/x'])
      expect(oldPath(its, ending)).toBeNull()
    for (const other of [
      '/opt/bot/cookies.txt',
      '/etc/shadow',
      `${old}/../x`,
      (old ?? '').replace('/opt/bot', '/opt/other'),
    ])
      expect(isOldOf(its, other)).toBe(false)
    expect(oldPath(place('/c.txt'), '000012-20260101T000000Z-01234567')).toMatch(/^\/\.c\.txt/)
  })

  test('S27 a name that leaves no room is shortened, at a character, and stays apart from its like', () => {
    const one = place(`/d/${'é'.repeat(125)}a`)
    const two = place(`/d/${'é'.repeat(125)}b`)
    expect(one.old).not.toBe(two.old)
    for (const { old, unfinished } of [one, two])
      for (const made of [`${old}000001-20260101T000000Z-0123456789abcdef`, `${unfinished}0123456789abcdef-old`]) {
        expect(Buffer.byteLength(made)).toBeLessThanOrEqual(255)
        expect(made).not.toContain('\ufffd')
      }
  })
})

describe('rules', () => {
  const codes = (change: Record<string, string>): string[] =>
    problemsOf(place(), look(change), false).map(problem => problem.code)

  test('S26 a plain file in a folder of its owner or of root may be written', () => {
    expect(codes({})).toEqual([])
    expect(codes({ me: '0 0', folder: '0 755 20:5 root' })).toEqual([])
    expect(codes({ acl: 'setfacl user::rw-' })).toEqual([])
    expect(codes({ acl: 'none' })).toEqual([])
  })

  test.each([
    ['folder', '1001 757 20:5 deploy', 'folder-writable'],
    ['folder', '1001 1777 20:5 deploy', 'folder-writable'],
    ['folder', '1001 2775 20:5 deploy', 'folder-writable'],
    ['folder', '1005 755 20:5 watcher', 'folder-owner'],
    ['above', '777', 'folder-writable'],
    ['file', '1001 1001 640 2 20:7 3 1700000000 deploy deploy regular file', 'links'],
    ['file', '1001 1001 640 1 20:7 1048577 1700000000 deploy deploy regular file', 'too-large'],
    ['file', '1001 42 640 1 20:7 3 1700000000 deploy shadow regular file', 'group'],
    ['file', '1001 1001 777 1 20:7 3 1700000000 deploy deploy symbolic link', 'kind'],
    ['file', '1001 1001 644 1 20:7 3 1700000000 deploy deploy fifo', 'kind'],
    ['file', '1001 1001 644 1 20:7 3 1700000000 deploy deploy character special file', 'kind'],
    ['me', '1003 1003', 'owner'],
    ['readable', 'no', 'unreadable'],
    ['acl', 'none unknown', 'tools'],
    ['acl', 'none unknown some', 'metadata'],
    ['folder-rights', 'no', 'read-only'],
  ])('S26 %s %s is refused as %s, with what to do', (word, text, code) => {
    const problems = problemsOf(place(), look({ [word]: text }), false)
    expect(problems.map(problem => problem.code)).toContain(code)
    for (const { message, hint } of problems) {
      expect(message).toMatch(/\w{3}/)
      expect(hint).toMatch(/\w{3}/)
    }
  })

  test('S26 a sticky folder above, as /tmp is, is no reason', () => {
    expect(codes({ above: '1777' })).toEqual([])
  })

  test('S27 what the host says is told apart', () => {
    const of = (text: string) => stopProblem(place(), 'host', text).code
    expect(of('cat: write error: No space left on device')).toBe('disk-full')
    expect(of('cannot create ./x: Disk quota exceeded')).toBe('disk-full')
    expect(of('cannot create ./x: Read-only file system')).toBe('read-only')
    expect(of('mv: cannot move: Operation not permitted')).toBe('immutable')
    expect(of('cannot create: Permission denied')).toBe('folder-rights')
    expect(of('mv: cannot move: Device or resource busy')).toBe('failed')
    expect(of('')).toBe('failed')
    for (const reason of [
      'changed',
      'overwritten',
      'busy',
      'short',
      'ended',
      'owner',
      'metadata',
      'tools',
      'never heard of',
    ])
      expect(stopProblem(place(), reason, '').hint).toMatch(/\w/)
    for (const reason of ['folder', 'stat', 'become', 'sense'] as const)
      expect(lookProblem(place(), { ok: false, reason, text: '' }, true).hint).toMatch(/\w/)
  })
})

describe('answers', () => {
  test('S27 content is taken byte by byte, hashed here, and never decoded', () => {
    const bytes = Buffer.from([0, 255, 10, 13, 195, 40, 10])
    const read = answer(lines, bytes)
    if (!read.ok) throw new Error(read.reason)
    expect(Buffer.from(read.look.content ?? [])).toEqual(bytes)
    expect(read.look.sha256).toBe(sha256Of(bytes))
    const facts = factsOf(place(), read.look, false)
    expect(facts).toMatchObject({
      kind: 'file',
      mode: '0640',
      owner: 'deploy',
      links: 1,
      acl: false,
      modifiedAt: 1_700_000_000_000,
    })
    expect(facts.backups).toEqual(['/opt/bot/.cookies.txt.quarterdeck-old-000001-20260101T000000Z-00000000'])
    expect(presentOf(facts, 'x', sha256Of(bytes))).toBe('new')
    expect(presentOf(facts, sha256Of(bytes), 'x')).toBe('old')
    expect(presentOf(facts, 'x', 'y')).toBe('other')
  })

  test('S26 a file that changed while it was read has no content', () => {
    const read = answer(lines, Buffer.from('half'), '20:7 9 2026-01-01 00:00:01.1 +0000')
    expect(read).toMatchObject({ ok: true, look: { torn: true, content: null, sha256: null } })
    if (read.ok) expect(problemsOf(place(), read.look, false).map(problem => problem.code)).toEqual(['changing'])
  })

  test('S34 half an answer, or one without sense, is none', () => {
    const cut = { exit: 0, stderr: Buffer.from('sh: boom'), truncated: false }
    for (const stdout of [
      '',
      'me 1\n',
      `${lines.join('\n')}\n`,
      'me x\nfolder y\nend\n',
      'me 1 1\nfolder 1 755 2:3 d\nfile x\nend\n',
    ])
      expect(readLook({ ...cut, stdout: Buffer.from(stdout) })).toMatchObject({ ok: false, reason: 'sense' })
    expect(readLook({ ...cut, stdout: Buffer.from('stop look folder\n') })).toMatchObject({
      ok: false,
      reason: 'folder',
    })
    expect(readLook({ ...cut, stdout: Buffer.from('stop look tools become\n') })).toMatchObject({ reason: 'become' })
  })

  test('S7 a write is done only by its own last word and exit 0', () => {
    const said = (exit: number | null, text: string) => readWrite({ exit, stdout: Buffer.from(text) })
    const ending = '000001-20260101T000000Z-01234567'
    expect(said(0, `at look\nat settle\nsaved ${ending}\ndone\n`)).toEqual({ kind: 'done', saved: ending })
    for (const [exit, text] of [
      [null, 'at look\nat rename\n'],
      [137, 'at rename\n'],
      [0, 'at rename\n'],
      [1, 'at rename\ndone\n'],
    ] as const)
      expect(said(exit, text)).toEqual({ kind: 'cut', step: 'rename', saved: null })
    expect(said(null, '')).toMatchObject({ kind: 'cut', step: 'look' })
    expect(said(3, 'at receive\nstop receive host cat: No space\u0007\n left\n')).toEqual({
      ...{ kind: 'stopped', step: 'receive', reason: 'host', text: 'cat: No space left', saved: null },
    })
  })
})

test('S28 no content and no hash in what is run', () => {
  const its = place("/opt/it's here/c.txt")
  const argv = writeArgv({ ...its, id: 'ab', fileStat: 'F', folderStat: 'D', acl: true, backUp: false })
  expect(argv.slice(5)).toEqual([
    its.folder,
    'c.txt',
    `${its.unfinished}ab`,
    `${its.unfinished}ab-old`,
    its.unfinished,
    its.old,
    'F',
    'D',
    'some',
    'no',
  ])
  expect(lookArgv(its, { sweep: true }).slice(5)).toEqual([its.folder, 'c.txt', its.unfinished, its.old, 'yes', 'yes'])
  // each step can be ended at, in the order in which they are named
  const steps =
    writeArgv(
      { ...its, id: 'ab', fileStat: '', folderStat: '', acl: false, backUp: true },
      step => `: at-${step}`,
    )[4] ?? ''
  expect([...steps.matchAll(/^: at-(.*)$/gm)].map(match => match[1])).toEqual(writeSteps)
})
