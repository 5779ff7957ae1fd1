// Proves that `app://` serves the page's files and that no address leads to another.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contentSecurityPolicy, serveAppFile } from '../../../src/main/app-files.ts'

let root: string
let folder: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'quarterdeck-app-'))
  folder = join(root, 'renderer')
  mkdirSync(join(folder, 'assets'), { recursive: true })
  writeFileSync(join(folder, 'index.html'), 'page')
  writeFileSync(join(folder, 'assets', 'index-A1_b.js'), 'script')
  writeFileSync(join(folder, '.hidden.js'), 'secret')
  writeFileSync(join(root, 'secret.js'), 'secret')
  symlinkSync(join(root, 'secret.js'), join(folder, 'link.js'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const get = (url: string, method = 'GET') => serveAppFile(folder, { url, method })

describe('serveAppFile', () => {
  it.each([
    ['app://quarterdeck/', 'page', 'text/html; charset=utf-8'],
    ['app://quarterdeck/index.html?x=1#/hosts', 'page', 'text/html; charset=utf-8'],
    ['app://quarterdeck/assets/index-A1_b.js', 'script', 'text/javascript; charset=utf-8'],
  ])('serves %s with its type and the policy', async (url, text, type) => {
    const { status, headers, body } = await get(url)
    expect(status).toBe(200)
    expect(Buffer.from(body ?? []).toString()).toBe(text)
    expect(headers).toMatchObject({
      'Content-Type': type,
      'Content-Security-Policy': contentSecurityPolicy,
      'X-Content-Type-Options': 'nosniff',
    })
  })

  it('answers HEAD without a body and refuses what would change something', async () => {
    expect(await get('app://quarterdeck/', 'HEAD')).toMatchObject({ status: 200, body: null })
    expect((await get('app://quarterdeck/', 'POST')).status).toBe(405)
  })

  it.each([
    'app://quarterdeck/../secret.js',
    'app://quarterdeck/%2e%2e/secret.js',
    'app://quarterdeck/..%2fsecret.js',
    'app://quarterdeck/assets/..%2f..%2fsecret.js',
    'app://quarterdeck/%5c..%5csecret.js',
    'app://quarterdeck/.hidden.js',
    'app://quarterdeck/link.js',
    'app://quarterdeck//etc/passwd',
    'app://quarterdeck/assets',
    'app://quarterdeck/nothing.js',
    'app://quarterdeck/index.html%00.js',
    'app://quarterdeck/%zz',
    'app://elsewhere/index.html',
    'app://user:pass@quarterdeck/index.html',
    'file:///etc/passwd',
    'https://quarterdeck/index.html',
    'nonsense',
  ])('refuses %s', async url => {
    const { status, body } = await get(url)
    expect([403, 404]).toContain(status)
    expect(body).toBeNull()
  })

  it('never serves the file beside the folder, whatever the path', async () => {
    const piece = fc.constantFrom(
      '..',
      '.',
      '%2e',
      '%2f',
      '/',
      '\\',
      '%5c',
      'secret.js',
      'assets',
      'link.js',
      '//',
      '%00',
      ';',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async pieces => {
        const { body } = await get(`app://quarterdeck/${pieces.join('')}`)
        expect(Buffer.from(body ?? []).toString()).not.toContain('secret')
      }),
      { numRuns: 500 },
    )
  })

  it('has a policy that allows no inline code', () => {
    expect(contentSecurityPolicy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/)
    expect(contentSecurityPolicy).not.toMatch(/unsafe|\*/)
  })
})
