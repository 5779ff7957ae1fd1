// Set-up's promises that need no network: it knows what is missing, publishes whole or not at all, and refuses what was not pinned.
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { builderArguments } from '../../../scripts/dist.mjs'
import { integrityOf, publish, unpack, verify } from '../../../scripts/lib/archive.mjs'
import { cacheFolder, hasDisplay, isCi } from '../../../scripts/lib/environment.mjs'
import { isRecentNode } from '../../../scripts/lib/node-runtime.mjs'
import { packagesProblem } from '../../../scripts/lib/packages.mjs'
import { missingPackages, systemPackages } from '../../../scripts/lib/system-packages.mjs'
import { runtimeEnvironment } from '../../../scripts/setup.mjs'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'setup-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('packages', () => {
  const lock = {
    packages: {
      '': { name: 'app' },
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
      'node_modules/for-a-mac': { version: '1.0.0', integrity: 'sha512-m', optional: true },
    },
  }
  const write = (path: string, value: unknown) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), JSON.stringify(value))
  }
  const install = (version: string) => {
    write('node_modules/.package-lock.json', { packages: { 'node_modules/a': { version, integrity: 'sha512-a' } } })
    write('node_modules/a/package.json', { version })
  }
  beforeEach(() => write('package-lock.json', lock))

  it('are missing on a fresh clone and after an interrupted install', () => {
    expect(packagesProblem(folder)).toBe('packages are not installed')
    write('node_modules/a/package.json', {})
    expect(packagesProblem(folder)).toBe('packages are not installed')
  })

  it('are right without those for other platforms', () => {
    install('1.0.0')
    expect(packagesProblem(folder)).toBeNull()
  })

  it('are wrong in another version, or with a package deleted', () => {
    install('0.9.0')
    expect(packagesProblem(folder)).toBe('node_modules/a is not 1.0.0')
    install('1.0.0')
    rmSync(join(folder, 'node_modules/a'), { recursive: true })
    expect(packagesProblem(folder)).toBe('node_modules/a is missing')
  })
})

describe('publish', () => {
  const target = () => join(folder, 'runtime')
  const fill = (text: string) => (part: string) => {
    mkdirSync(join(part, 'ready'))
    writeFileSync(join(part, 'ready', 'file'), text)
    return join(part, 'ready')
  }

  it('makes the whole folder and leaves nothing else', async () => {
    await publish(target(), fill('one'))
    expect(readFileSync(join(target(), 'file'), 'utf8')).toBe('one')
    expect(readdirSync(folder)).toEqual(['runtime'])
  })

  it('leaves nothing when it fails half way', async () => {
    const broken = (part: string) => {
      fill('half')(part)
      throw new Error('network')
    }
    await expect(publish(target(), broken)).rejects.toThrow('network')
    expect(readdirSync(folder)).toEqual([])
  })

  it('keeps the first of two runs at once', async () => {
    await publish(target(), async part => {
      await publish(target(), fill('faster'))
      return fill('slower')(part)
    })
    expect(readFileSync(join(target(), 'file'), 'utf8')).toBe('faster')
    expect(readdirSync(folder)).toEqual(['runtime'])
  })

  it('removes what a killed run left, but not what another run is filling', async () => {
    mkdirSync(join(folder, '.part-old'))
    mkdirSync(join(folder, '.part-new'))
    const longAgo = Date.now() / 1000 - 2 * 60 * 60
    utimesSync(join(folder, '.part-old'), longAgo, longAgo)
    await publish(target(), fill('one'))
    expect(readdirSync(folder).sort()).toEqual(['.part-new', 'runtime'])
  })
})

describe('archives', () => {
  it('are refused when they are not byte for byte what was pinned', () => {
    const file = join(folder, 'package.tgz')
    writeFileSync(file, 'as pinned')
    const pin = { name: 'runtime', version: '1.2.3', integrity: integrityOf(file) }
    expect(() => verify(file, pin)).not.toThrow()
    writeFileSync(file, 'as pinneD')
    expect(() => verify(file, pin)).toThrow('runtime@1.2.3 is not the package that was pinned')
  })

  it('are unpacked without the folders that are not wanted', () => {
    mkdirSync(join(folder, 'in', 'resources'), { recursive: true })
    writeFileSync(join(folder, 'in', 'electron'), 'binary')
    writeFileSync(join(folder, 'in', 'resources', 'app'), 'somebody else’s')
    execFileSync('tar', ['-czf', join(folder, 'app.tar.gz'), '-C', join(folder, 'in'), '.'])
    unpack(join(folder, 'app.tar.gz'), join(folder, 'out'), ['--exclude=./resources'])
    expect(readdirSync(join(folder, 'out'))).toEqual(['electron'])
  })
})

describe('the machine', () => {
  it('has a cache where the platform or the user wants it', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/x' }, 'linux')).toBe('/x/quarterdeck')
    expect(cacheFolder({}, 'linux')).toMatch(/\/\.cache\/quarterdeck$/)
    expect(cacheFolder({}, 'darwin')).toMatch(/Library\/Caches\/quarterdeck$/)
  })

  it('runs the engine from Node 22.14 on', () => {
    expect(['v20.20.2', 'v22.13.9', '22.0.0'].map(isRecentNode)).toEqual([false, false, false])
    expect(['v22.14.0', 'v23.0.0', '24.21.0'].map(isRecentNode)).toEqual([true, true, true])
  })

  it('is a build machine where CI is set to anything but off', () => {
    expect([{ CI: 'true' }, { CI: '1' }].map(isCi)).toEqual([true, true])
    expect([{}, { CI: '' }, { CI: 'false' }, { CI: '0' }].map(isCi)).toEqual([false, false, false, false])
  })

  it('has a display by X11, Wayland or not being Linux', () => {
    expect(hasDisplay({ DISPLAY: ':0' }, 'linux')).toBe(true)
    expect(hasDisplay({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux')).toBe(true)
    expect(hasDisplay({}, 'linux')).toBe(false)
    expect(hasDisplay({}, 'darwin')).toBe(true)
  })

  it.runIf(existsSync('/usr/bin/dpkg-query'))('knows which system packages are missing', () => {
    expect(missingPackages(['dpkg', 'no-such-package-here', 'neither-this|dpkg'])).toEqual(['no-such-package-here'])
    expect(Object.values(systemPackages).every(reason => reason.length > 0)).toBe(true)
  })
})

describe('the environment of what is started', () => {
  const electron = { kind: 'fallback', path: '/cache/electron-25/electron', version: '25.1.1', engineNode: true }

  it('names the Electron, and a Node for the engine where Electron is too old to run it', () => {
    const env = runtimeEnvironment({ node: '/node24/bin/node', electron }, { PATH: '/bin', ELECTRON_RUN_AS_NODE: '1' })
    expect(env).toMatchObject({
      ELECTRON_EXEC_PATH: electron.path,
      ELECTRON_OVERRIDE_DIST_PATH: '/cache/electron-25',
      QUARTERDECK_ENGINE_NODE: '/node24/bin/node',
    })
    expect(env.PATH).toMatch(/^\/node24\/bin:.*node_modules\/\.bin:\/bin$/)
    expect(env).not.toHaveProperty('ELECTRON_RUN_AS_NODE')
  })

  it('leaves the engine inside a current Electron', () => {
    const official = { kind: 'official', path: '/app/electron', version: '45.4.1', engineNode: false }
    const env = runtimeEnvironment({ node: '/node24/bin/node', electron: official }, { PATH: '/bin' })
    expect(env).not.toHaveProperty('QUARTERDECK_ENGINE_NODE')
    expect(env).not.toHaveProperty('ELECTRON_OVERRIDE_DIST_PATH')
  })

  it('never becomes an installer with the development runtime', () => {
    expect(() => builderArguments([], electron)).toThrow('never shipped')
    expect(() => builderArguments(['--linux', 'deb'], electron)).toThrow('never shipped')
    const args = builderArguments(['--dir'], electron)
    expect(args).toContain('-c.electronVersion=25.1.1')
    expect(args.join(' ')).toContain('development-only')
    expect(builderArguments([], { ...electron, kind: 'official' })).toEqual(['--publish', 'never'])
  })
})
