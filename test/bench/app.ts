// Items start and memory: what the app costs a person's computer, against an Electron window that only says hello.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { launchApp, type RunningApp } from '../e2e/lib/app.ts'
import { type Desktop, startDesktop } from '../e2e/lib/desktop.ts'
import { askEngine, openEnginePort } from '../e2e/lib/engine-port.ts'
import { bootHost, type TestHost } from '../hosts/lib/index.ts'
import { type BenchContext, compare, type Item, percentile, type Result } from './item.ts'
import { pssOf, timeStart, writeHelloWorld } from './lib/windows.ts'

const starts = 15
const minutes = Number(process.env.QUARTERDECK_BENCH_MINUTES ?? 10)

interface Draft {
  readonly name: string
  readonly address: string
  readonly user: string
  readonly keyFile: string
}

async function addHost(app: RunningApp, { name, address, user, keyFile }: Draft): Promise<string> {
  const draft = {
    name,
    address,
    port: 22,
    user,
    auth: { kind: 'key', path: keyFile },
    sudo: 'passwordless',
    jump: null,
    userUnits: false,
  }
  const reply = await askEngine(app.page, 'host.add', { draft, secrets: {} })
  if (reply.t !== 'ok') throw new Error(`Host not added: ${JSON.stringify(reply.error)}`)
  return (reply.value as { id: string }).id
}

/** Makes a profile in which the first run is over and so many hosts are configured; nobody answers at their addresses. */
async function configure(desktop: Desktop, home: string, hosts: number): Promise<void> {
  const app = await launchApp({ desktop, home })
  await openEnginePort(app.page)
  await askEngine(app.page, 'settings.set', { firstRunDone: true })
  for (let index = 0; index < hosts; index++) {
    await addHost(app, {
      name: `host-${index}`,
      address: `127.1.0.${index + 1}`,
      user: 'deploy',
      keyFile: '/nonexistent',
    })
  }
  await app.close()
}

/**
 * Process start to Chromium's own `first-contentful-paint`, the same entry for both. Of the app that is the frame: sidebar, places, title, while
 * the hosts are still being asked for; when those are listed is told beside it. The profile has seen a start before, as the peer's has.
 */
async function start(context: BenchContext): Promise<Result[]> {
  const desktop = await startDesktop()
  try {
    const home = join(desktop.home, 'ours')
    await configure(desktop, home, 20)
    const hello = writeHelloWorld(join(desktop.home, 'hello'))
    const ours: number[] = []
    const theirs: number[] = []
    const listed: number[] = []
    for (let round = 0; round <= starts && !context.signal.aborted; round++) {
      const app = await timeStart(context, desktop, context.root, home, 'host-19')
      const peer = await timeStart(context, desktop, hello, join(desktop.home, 'peer'), 'Hello')
      // The first start of each fills the caches of disk and profile.
      if (round === 0) continue
      ours.push(app.painted)
      theirs.push(peer.painted)
      listed.push(app.showing)
      context.log(
        `   ${app.painted.toFixed(0)} / ${peer.painted.toFixed(0)} ms; hosts listed ${app.showing.toFixed(0)} ms`,
      )
    }
    context.log(`   20 hosts listed after ${percentile(listed, 0.5).toFixed(0)} ms p50`)
    return [
      compare(
        {
          name: 'start',
          value: percentile(ours, 0.5),
          unit: 'ms p50 to the first content',
          peer: 'Electron hello world',
          peerValue: percentile(theirs, 0.5),
          goal: '≤ 1.5 ×',
        },
        1.5,
      ),
    ]
  } finally {
    await desktop.dispose()
  }
}

/** Connects the app to real hosts, trusting their keys as a person would. */
async function connectHosts(app: RunningApp, hosts: readonly TestHost[]): Promise<void> {
  for (const [index, host] of hosts.entries()) {
    const id = await addHost(app, {
      name: `host-${index}`,
      address: host.address,
      user: 'deploy',
      keyFile: host.keyFiles.ed25519,
    })
    await waitForState(app, id, 'host-key-unknown')
    const view = await hostView(app, id)
    const key = { address: host.address, port: 22, key: view.connection.offeredKey }
    await askEngine(app.page, 'host.trustKey', key)
    await askEngine(app.page, 'host.connect', id)
    await waitForState(app, id, 'ready')
  }
}

interface View {
  readonly connection: { readonly state: string; readonly offeredKey: unknown }
}

async function hostView(app: RunningApp, id: string): Promise<View> {
  return (await askEngine(app.page, 'host.get', id)).value as View
}

async function waitForState(app: RunningApp, id: string, state: string): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const view = await hostView(app, id)
    if (view.connection.state === state) return
    if (Date.now() > deadline) throw new Error(`${id} is ${view.connection.state}, not ${state}`)
    await sleep(100)
  }
}

async function memory(context: BenchContext): Promise<Result[]> {
  const desktop = await startDesktop()
  const hosts: TestHost[] = []
  try {
    for (let index = 0; index < 5; index++) hosts.push(await bootHost({ suite: 'bookworm' }))
    const home = join(desktop.home, 'ours')
    const peerHome = join(desktop.home, 'peer')
    const hello = { desktop, home: peerHome, appFolder: writeHelloWorld(join(desktop.home, 'hello')) }
    // whoever paints first on a display pays for setting up its graphics, and the next one finds that done: neither of the two
    await (await launchApp(hello)).close()
    const app = await launchApp({ desktop, home })
    await openEnginePort(app.page)
    await askEngine(app.page, 'settings.set', { firstRunDone: true })
    await connectHosts(app, hosts)
    const peer = await launchApp(hello)
    for (let minute = 0; minute < minutes && !context.signal.aborted; minute++) {
      await sleep(60_000, undefined, { signal: context.signal }).catch(() => {})
      context.log(`   minute ${minute + 1}: ${pssOf(home, app.mainPid).total.toFixed(0)} MB`)
    }
    const own = pssOf(home, app.mainPid)
    const other = pssOf(peerHome, peer.mainPid)
    for (const { parts } of [own, other]) {
      context.log(`   ${parts.map(({ name, mb }) => `${name} ${mb.toFixed(0)}`).join(', ')}`)
    }
    await app.close()
    await peer.close()
    return [
      compare(
        {
          name: 'memory',
          value: own.total,
          unit: `MB PSS after ${minutes} min, 5 hosts`,
          peer: 'Electron hello world',
          peerValue: other.total,
          goal: '≤ 1.4 ×',
        },
        1.4,
      ),
    ]
  } finally {
    for (const host of hosts) await host.dispose()
    await desktop.dispose()
  }
}

export const items: Item[] = [
  { name: 'start', run: start },
  { name: 'memory', run: memory },
]
