// Proves that the shell's log is bounded, whole and free of secrets.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lineSplitter, openLog, rotatingFile } from '../../../src/main/log.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quarterdeck-log-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('openLog', () => {
  it('writes key=value lines that only the user may read', () => {
    const file = join(folder, 'logs', 'main.log')
    const log = openLog(file, { now: () => 0 })
    log.info('start', { version: '1.0', count: 2, empty: '', left: undefined })
    log.child('engine').warn('slow start', { reason: 'two words' })
    expect(readFileSync(file, 'utf8')).toBe(
      '1970-01-01T00:00:00.000Z info main start version=1.0 count=2 empty=""\n' +
        '1970-01-01T00:00:00.000Z warn engine slow start reason="two words"\n',
    )
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('holds no secret: by name, as a private key, or in an address', () => {
    const file = join(folder, 'main.log')
    const log = openLog(file)
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2base64\n-----END OPENSSH PRIVATE KEY-----'
    log.error('failed', { password: 'hunter2', sudoPassword: 'hunter2', note: `found ${key} there` })
    log.error(`cut ${'-----BEGIN RSA PRIVATE KEY-----'} hunter2`)
    log.error('fetching https://user:hunter2@example.org/path')
    const text = readFileSync(file, 'utf8')
    expect(text).not.toContain('hunter2')
    expect(text).toContain('https://user:[redacted]@example.org/path')
  })

  it('cannot be made to hold a forged line', () => {
    const file = join(folder, 'main.log')
    openLog(file).info('a\n2026-01-01T00:00:00.000Z info main forged', { x: '\u202eevil\r\n' })
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(1)
  })
})

describe('rotatingFile', () => {
  it('keeps three files of the given size and goes on in one that was there', () => {
    const file = join(folder, 'main.log')
    const line = 'x'.repeat(99)
    let write = rotatingFile(file, { maxBytes: 1000, keep: 3 })
    for (let count = 0; count < 5; count++) write(line)
    write = rotatingFile(file, { maxBytes: 1000, keep: 3 })
    for (let count = 0; count < 95; count++) write(line)
    expect(readdirSync(folder).sort()).toEqual(['main.log', 'main.log.1', 'main.log.2'])
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(1000)
  })

  it('survives a folder that cannot be written', () => {
    const write = rotatingFile(join(folder, 'main.log'))
    rmSync(folder, { recursive: true })
    expect(() => write('lost')).not.toThrow()
  })
})

describe('lineSplitter', () => {
  it('joins what was cut anywhere, also inside a character, and bounds a line', () => {
    const lines: string[] = []
    const split = lineSplitter(line => lines.push(line))
    const bytes = Buffer.from(`größe\nzwei\n${'y'.repeat(100_000)}\nend\n`)
    for (const byte of bytes.subarray(0, 12)) split(Buffer.from([byte]))
    split(bytes.subarray(12))
    expect(lines.slice(0, 2)).toEqual(['größe', 'zwei'])
    expect(lines[2]?.length).toBeLessThanOrEqual(4096)
    expect(lines[3]).toBe('end')
  })
})
