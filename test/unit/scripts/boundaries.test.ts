// Proves that every boundary rule can fail, and that imports of every form are seen.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { checkBoundaries } from '../../../scripts/boundaries/check.mjs'
import { importsOf } from '../../../scripts/boundaries/imports.mjs'
import { ruleNames } from '../../../scripts/boundaries/rules.mjs'
import { root } from '../../../scripts/lib/environment.mjs'

type Tree = Record<string, string>

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function check(tree: Tree) {
  const folder = mkdtempSync(join(tmpdir(), 'boundaries-'))
  folders.push(folder)
  const names = 'electron better-sqlite3 ssh2 node-ssh systeminformation zod react'.split(' ')
  const packages = Object.fromEntries(names.map(name => [name, '1.0.0']))
  write(folder, { 'package.json': JSON.stringify({ devDependencies: packages }), ...tree })
  return checkBoundaries(folder)
}

function write(folder: string, tree: Tree) {
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

const rules = (tree: Tree) => check(tree).violations.map(({ rule }) => rule)

/** A file that imports another one of ours, which exists. */
const ours = (from: string, to: string): Tree => {
  const up = '../'.repeat(from.split('/').length - 1)
  return { [from]: `import type { X } from '${up}${to}'\n`, [to]: 'export type X = 1\n' }
}

/** A file that imports a package or a module of Node's own. */
const outside = (from: string, name: string): Tree => ({ [from]: `import x from '${name}'\n` })

const offences: Record<string, Tree[]> = {
  shared: [
    ours('src/shared/model/host.ts', 'src/engine/ports.ts'),
    outside('src/shared/errors.ts', 'react'),
    outside('src/shared/errors.ts', 'node:fs'),
  ],
  domain: [
    ours('src/engine/domain/rollup.ts', 'src/engine/lib/clock.ts'),
    ours('src/engine/domain/rollup.ts', 'src/engine/parse/df.ts'),
    outside('src/engine/domain/rollup.ts', 'zod'),
    outside('src/engine/domain/rollup.ts', 'node:path'),
  ],
  parse: [
    ours('src/engine/parse/df.ts', 'src/engine/domain/rollup.ts'),
    outside('src/engine/parse/df.ts', 'zod'),
    outside('src/engine/parse/df.ts', 'path'),
  ],
  checks: [
    ours('src/engine/checks/http.ts', 'src/engine/checks/tcp.ts'),
    ours('src/engine/checks/http.ts', 'src/engine/channels/channel.ts'),
    ours('src/engine/checks/http.ts', 'src/engine/store/hosts.ts'),
  ],
  'checks-index': [ours('src/engine/checks/index.ts', 'src/engine/store/hosts.ts')],
  channels: [ours('src/engine/channels/slack.ts', 'src/engine/channels/discord.ts')],
  'channels-index': [ours('src/engine/channels/index.ts', 'src/engine/checks/index.ts')],
  recovery: [ours('src/engine/recovery/http-call.ts', 'src/engine/recovery/runbook.ts')],
  'recovery-index': [ours('src/engine/recovery/index.ts', 'src/engine/runtime/prober.ts')],
  backups: [ours('src/engine/backups/sqlite.ts', 'src/engine/backups/postgres.ts')],
  'backups-index': [ours('src/engine/backups/index.ts', 'src/engine/remote/sftp.ts')],
  targets: [ours('src/engine/targets/s3.ts', 'src/engine/targets/local-folder.ts')],
  'targets-index': [ours('src/engine/targets/index.ts', 'src/engine/runtime/snapshots.ts')],
  cookies: [ours('src/engine/cookies/jar.ts', 'src/engine/store/hosts.ts')],
  store: [ours('src/engine/store/hosts.ts', 'src/engine/parse/df.ts')],
  remote: [ours('src/engine/remote/sudo.ts', 'src/engine/store/hosts.ts')],
  local: [ours('src/engine/local/host.ts', 'src/engine/remote/sudo.ts')],
  collector: [ours('src/engine/collector/metrics.ts', 'src/engine/remote/sudo.ts')],
  runtime: [
    ours('src/engine/runtime/prober.ts', 'src/engine/checks/http.ts'),
    ours('src/engine/runtime/prober.ts', 'src/engine/local/host.ts'),
    ours('src/engine/runtime/prober.ts', 'src/engine/api/hosts.ts'),
  ],
  api: [ours('src/engine/api/hosts.ts', 'src/engine/domain/rollup.ts')],
  lib: [ours('src/engine/lib/clock.ts', 'src/engine/ports.ts')],
  ports: [ours('src/engine/ports.ts', 'src/engine/store/hosts.ts')],
  'engine-root': [ours('src/engine/engine.ts', 'src/main/log.ts')],
  'engine-entry': [ours('src/engine/index.ts', 'src/engine/store/hosts.ts')],
  main: [ours('src/main/windows.ts', 'src/engine/engine.ts'), ours('src/main/windows.ts', 'src/renderer/app.tsx')],
  preload: [
    ours('src/preload/index.ts', 'src/shared/errors.ts'),
    outside('src/preload/index.ts', 'zod'),
    outside('src/preload/index.ts', 'node:fs'),
  ],
  renderer: [
    ours('src/renderer/app.tsx', 'src/engine/domain/rollup.ts'),
    outside('src/renderer/app.tsx', 'node:fs'),
    outside('src/renderer/app.tsx', 'electron'),
  ],
  'electron-only-in-the-shell': [
    outside('src/engine/engine.ts', 'electron'),
    outside('src/engine/runtime/prober.ts', 'electron'),
  ],
  'better-sqlite3-only-in-store': [
    outside('src/engine/runtime/prober.ts', 'better-sqlite3'),
    outside('src/main/log.ts', 'better-sqlite3'),
  ],
  'ssh-only-in-remote': [outside('src/engine/engine.ts', 'ssh2'), outside('src/engine/cookies/drift.ts', 'node-ssh')],
  'systeminformation-only-in-local': [outside('src/engine/runtime/prober.ts', 'systeminformation')],
  'remote-only-from-engine': [
    ours('src/engine/api/hosts.ts', 'src/engine/remote/sudo.ts'),
    ours('src/engine/cli.ts', 'src/engine/remote/sudo.ts'),
  ],
  'collector-only-from-engine': [ours('src/engine/runtime/fleet.ts', 'src/engine/collector/index.ts')],
  'no-cycle': [
    {
      'src/shared/a.ts': "import type { B } from './b.ts'\nexport type A = B\n",
      'src/shared/b.ts': "export * from './c.ts'\nexport type B = 1\n",
      'src/shared/c.ts': "export type C = import('./a.ts').A\n",
    },
    { 'src/shared/self.ts': "export * as self from './self.ts'\n" },
  ],
  'import-resolves': [{ 'src/shared/a.ts': "import './b'\n", 'src/shared/b.ts': '' }],
  'package-declared': [outside('src/engine/runtime/prober.ts', 'left-pad')],
  'product-imports-product': [ours('src/engine/runtime/prober.ts', 'test/fakes/link.ts')],
  'file-has-a-layer': [{ 'src/stray.ts': 'export const x = 1\n' }],
}

describe('boundary rules', () => {
  it('have an offence each', () => {
    expect(Object.keys(offences).sort()).toEqual([...ruleNames].sort())
  })

  const cases = Object.entries(offences).flatMap(([rule, trees]) => trees.map(tree => ({ rule, tree })))
  it.each(cases)('$rule fails for $tree', ({ rule, tree }) => {
    expect(rules(tree)).toContain(rule)
  })

  it('allow what the table allows', () => {
    const tree = {
      ...ours('src/engine/checks/http.ts', 'src/engine/checks/check.ts'),
      ...ours('src/engine/checks/index.ts', 'src/engine/checks/tcp.ts'),
      ...ours('src/engine/runtime/prober.ts', 'src/engine/channels/index.ts'),
      ...ours('src/engine/engine.ts', 'src/engine/remote/sudo.ts'),
      ...ours('src/engine/cli.ts', 'src/engine/lib/clock.ts'),
      ...ours('src/preload/index.ts', 'src/shared/rpc/port.ts'),
      ...outside('src/engine/store/database.ts', 'better-sqlite3'),
      ...outside('src/engine/remote/ssh-connection.ts', 'ssh2'),
      ...outside('src/engine/local/computer.ts', 'systeminformation'),
      ...outside('src/main/index.ts', 'electron'),
      ...outside('src/main/log.ts', 'node:fs'),
      ...outside('src/shared/model/unit.ts', 'zod'),
      ...outside('src/renderer/main.tsx', 'react'),
    }
    expect(check(tree).violations).toEqual([])
  })

  it('names a cycle by the way round', () => {
    const [violation] = check(offences['no-cycle']?.[0] ?? {}).violations
    expect(violation).toMatchObject({
      from: 'src/shared/a.ts',
      to: 'src/shared/b.ts → src/shared/c.ts → src/shared/a.ts',
    })
  })

  it('looked at the whole product', () => {
    const { files, imports } = checkBoundaries(root)
    expect(files).toBeGreaterThan(10)
    expect(imports).toBeGreaterThan(10)
  })
})

describe('importsOf', () => {
  const seen = (text: string, name = 'x.ts') => importsOf(name, text).map(({ specifier }) => specifier)

  it.each([
    ["import a from './a.ts'", 'default'],
    ["import { type A } from './a.ts'", 'inline type'],
    ["import type { A } from './a.ts'", 'type'],
    ["import './a.ts'", 'side effect'],
    ["export * from './a.ts'", 'export all'],
    ["export type { A } from './a.ts'", 'export type'],
    ["type A = import('./a.ts').A", 'import type expression'],
    ["function f(x: Map<string, import('./a.ts').A>) { using y = x }", 'nested import type beside `using`'],
    ["class K { static { void import('./a.ts') } }", 'dynamic'],
    ["const a = require('./a.ts')", 'require'],
    ["import a = require('./a.ts')", 'import equals'],
  ])('sees %s (%s)', text => {
    expect(seen(text)).toEqual(['./a.ts'])
  })

  it('reads JSX and does not take text for imports', () => {
    expect(seen("const a = <p title={'x'}>import b from './b.ts'</p> // import './c.ts'", 'x.tsx')).toEqual([])
  })

  it('says the line', () => {
    expect(importsOf('x.ts', "\n\nimport './a.ts'\n")).toEqual([{ specifier: './a.ts', line: 3 }])
  })

  it('refuses what it cannot parse rather than missing an import', () => {
    expect(() => importsOf('x.ts', 'import from from')).toThrow('x.ts')
  })
})
