// The ways in which tests hurt a host, one function each; TestHost offers them as methods. Must not know about sockets of the product.

import { type UserName, userIds } from './credentials.ts'
import type { TestHost } from './host.ts'
import { run } from './run.ts'

/** A link that went down forgets nothing but its carrier: addresses stay, packets go nowhere. */
export async function cutLink(host: TestHost): Promise<void> {
  await run(['ip', '-n', host.slot.netns, 'link', 'set', 'eth0', 'down'])
}

export async function restoreLink(host: TestHost): Promise<void> {
  await run(['ip', '-n', host.slot.netns, 'link', 'set', 'eth0', 'up'])
}

export type Direction = 'both' | 'in' | 'out'

/** Drops packets without a word, so that each side believes in the connection. */
export async function blackhole(host: TestHost, direction: Direction = 'both'): Promise<void> {
  await unblackhole(host)
  const drop = (...match: string[]) => run([...iptables(host), '-A', ...match, '-j', 'DROP'])
  if (direction !== 'out') await drop('INPUT', '-i', 'eth0')
  if (direction !== 'in') await drop('OUTPUT', '-o', 'eth0')
}

export async function unblackhole(host: TestHost): Promise<void> {
  await run([...iptables(host), '-F', 'INPUT'])
  await run([...iptables(host), '-F', 'OUTPUT'])
}

const iptables = (host: TestHost) => ['ip', 'netns', 'exec', host.slot.netns, 'iptables', '-w']

// Debian 13 splits sshd into sshd, sshd-session and sshd-auth.
const sshdProcesses = '^sshd(-session|-auth)?$'

export async function freezeSshd(host: TestHost): Promise<void> {
  await host.exec(['pkill', '-STOP', sshdProcesses])
}

export async function thawSshd(host: TestHost): Promise<void> {
  await host.exec(['pkill', '-CONT', sshdProcesses])
}

export async function restartSshd(host: TestHost, options: { dropSessions?: boolean } = {}): Promise<void> {
  const main = await host.pid('ssh.service')
  await host.exec('systemctl reset-failed ssh.service; systemctl restart ssh.service')
  if (options.dropSessions === false) return
  // ssh.service has KillMode=process: sessions survive a restart unless somebody ends them.
  const now = await host.pid('ssh.service')
  await host.exec(
    `for pid in $(pgrep '${sshdProcesses}'); do [ $pid = ${now ?? main} ] || kill -KILL $pid; done 2>/dev/null; true`,
  )
}

export async function swapHostKeys(host: TestHost): Promise<void> {
  const script = `set -e
    for old in /etc/ssh/ssh_host_*_key; do
      type=\${old#/etc/ssh/ssh_host_}; type=\${type%_key}
      rm -f "$old" "$old.pub"
      bits=; [ $type = rsa ] && bits='-b 2048'
      ssh-keygen -q -t $type $bits -N '' -C root@swapped -f "$old"
    done`
  await host.exec(script)
  await restartSshd(host, { dropSessions: false })
}

export async function killUnit(host: TestHost, unit: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<number> {
  const pid = await host.pid(unit)
  if (pid === undefined) throw new Error(`${unit} has no main process to kill`)
  await host.exec(['systemctl', 'kill', '-s', signal, '--', unit])
  return pid
}

export async function installUnits(host: TestHost, count: number): Promise<number> {
  const loaded = async () =>
    Number(await host.output(`systemctl list-units --all --no-legend --plain '*.service' | wc -l`))
  const have = Number(await host.output('ls /etc/systemd/system/filler-*.service 2>/dev/null | wc -l'))
  const missing = count - (await loaded())
  if (missing < 0) throw new Error(`the host already has ${count - missing} services, more than ${count}`)
  const script = `
    i=$1; last=$2; dir=/etc/systemd/system
    mkdir -p $dir/fillers.target.wants
    printf '[Unit]\\nDescription=All filler services\\n' > $dir/fillers.target
    while [ $i -le $last ]; do
      name=filler-$(printf %04d $i).service
      printf '[Unit]\\nDescription=Filler service %d\\n[Service]\\nExecStart=/bin/sleep infinity\\n' $i > $dir/$name
      ln -s ../$name $dir/fillers.target.wants/$name
      i=$((i + 1))
    done
    systemctl daemon-reload
    systemctl start fillers.target $(cd $dir/fillers.target.wants && echo filler-*.service)`
  if (missing > 0) await host.exec(['sh', '-ec', script, 'sh', String(have + 1), String(have + missing)])
  return loaded()
}

export async function installUnit(
  host: TestHost,
  name: string,
  text: string,
  options: { start?: boolean } = {},
): Promise<void> {
  await host.writeFile(`/etc/systemd/system/${name}`, text)
  await host.exec(['systemctl', 'daemon-reload'])
  if (options.start !== false) await host.exec(['systemctl', 'restart', '--', name])
}

export async function enableLinger(host: TestHost, user: UserName): Promise<void> {
  const bus = `/run/user/${userIds[user]}/bus`
  await host.exec(`loginctl enable-linger ${user}; until [ -S ${bus} ]; do sleep 0.02; done`, { timeoutMs: 20_000 })
}

export async function installUserUnit(
  host: TestHost,
  user: UserName,
  name: string,
  text: string,
  options: { start?: boolean } = {},
): Promise<void> {
  await enableLinger(host, user)
  const folder = `/home/${user}/.config/systemd/user`
  await host.exec(['mkdir', '-p', folder], { user })
  await host.writeFile(`${folder}/${name}`, text, { owner: `${user}:${user}` })
  await host.exec(['systemctl', '--user', 'daemon-reload'], { user })
  if (options.start !== false) await host.exec(['systemctl', '--user', 'restart', '--', name], { user })
}

export async function mountSmallDisk(host: TestHost, path: string, bytes: number): Promise<void> {
  await host.exec([
    'sh',
    '-ec',
    'mkdir -p "$1"; mount -t tmpfs -o "size=$2,mode=1777" smalldisk "$1"',
    'sh',
    path,
    String(bytes),
  ])
}

export async function fillDisk(host: TestHost, path: string, bytes: number, percent = 100): Promise<void> {
  const mounted = await host.exec(['mountpoint', '-q', path], { check: false })
  if (mounted.code !== 0) await mountSmallDisk(host, path, bytes)
  // A full disk makes dd fail: that is the purpose. fallocate takes no time for the rest.
  if (percent >= 100) await host.exec(['dd', 'if=/dev/zero', `of=${path}/filler`, 'bs=64k'], { check: false })
  else await host.exec(['fallocate', '-l', String(Math.floor((bytes * percent) / 100)), `${path}/filler`])
}

export async function emptyDisk(host: TestHost, path: string): Promise<void> {
  await host.exec(['rm', '-f', `${path}/filler`])
}

const systemdPaths = [
  ...['systemctl', 'journalctl', 'loginctl', 'busctl', 'systemd-stdio-bridge', 'systemd-run'].map(
    tool => `/usr/bin/${tool}`,
  ),
  '/run/systemd/system',
  '/run/dbus',
]

/** To whoever logs in it is a machine with another init. Its units live on. */
export async function hideSystemd(host: TestHost): Promise<void> {
  const script = 'for path in "$@"; do [ ! -e "$path" ] || mv -T "$path" "$path.hidden"; done'
  await host.exec(['sh', '-ec', script, 'sh', ...systemdPaths])
}

export async function showSystemd(host: TestHost): Promise<void> {
  const script = 'for path in "$@"; do [ ! -e "$path.hidden" ] || mv -T "$path.hidden" "$path"; done'
  await host.exec(['sh', '-ec', script, 'sh', ...systemdPaths])
}

export interface Load {
  /** Processes that do nothing but burn CPU. */
  readonly busy?: number
  /** Memory that is really touched. */
  readonly memoryMb?: number
}

export async function shiftLoad(host: TestHost, load: Load = {}): Promise<void> {
  const unit = 'test-load.service'
  await host.exec(['systemctl', 'stop', unit], { check: false })
  const { busy = 0, memoryMb = 0 } = load
  if (busy === 0 && memoryMb === 0) return
  const program = `import os, signal
held = bytearray(${memoryMb} << 20)
for page in range(0, len(held), 4096): held[page] = 1
for _ in range(${busy}):
    if os.fork() == 0:
        while True: pass
signal.pause()
`
  await host.writeFile('/usr/local/lib/test-load.py', program)
  await installUnit(
    host,
    unit,
    '[Service]\nNice=10\nKillSignal=SIGKILL\nExecStart=/usr/bin/python3 /usr/local/lib/test-load.py\n',
  )
}

export type Flood = { readonly total: number } | { readonly linesPerSecond: number }

/** The unit that writes must belong to nobody else: it is made here. */
export async function floodJournal(host: TestHost, unit: string, flood: Flood): Promise<void> {
  const [total, rate] = 'total' in flood ? [flood.total, 0] : [0, flood.linesPerSecond]
  const program = `import sys, time
total, rate = int(sys.argv[1]), int(sys.argv[2])
words = ['connection accepted', 'update handled', 'cache miss', 'retrying request', 'session expired', 'row written']
def line(n): return '<%d>%08d %s from 10.0.%d.%d took %d ms\\n' % (6 if n % 50 else 3 if n % 100 else 4, n, words[n % 6], n % 256, n * 7 % 256, n * 13 % 997)
n, start = 0, time.monotonic()
while not total or n < total:
    until = min(total, n + 1000) if total else int((time.monotonic() - start) * rate)
    sys.stdout.write(''.join(map(line, range(n, until))))
    sys.stdout.flush()
    n = until
    if rate: time.sleep(0.05)
`
  await host.writeFile('/usr/local/lib/test-flood.py', program)
  const service = [
    '[Unit]',
    `Description=Floods the journal`,
    '[Service]',
    `Type=${total > 0 ? 'oneshot' : 'exec'}`,
    // An interval of 0 would be taken as "not set", and journald's own limit would drop most of it.
    'LogRateLimitIntervalSec=1s',
    'LogRateLimitBurst=1000000000',
    'TimeoutStartSec=infinity',
    `ExecStart=/usr/bin/python3 /usr/local/lib/test-flood.py ${total} ${rate}`,
    '',
  ]
  // A oneshot's start ends with its last line, so this waits for all of `total`.
  await installUnit(host, unit, service.join('\n'))
  await host.exec(['journalctl', '--sync'])
}

export async function stopFlood(host: TestHost, unit: string): Promise<void> {
  await host.exec(['systemctl', 'stop', '--', unit])
}
