// Installs, on Debian and as root, the system packages that the tests need; the app itself needs none of them.
import { execFileSync, spawnSync } from 'node:child_process'
import { isDebian, isRoot } from './environment.mjs'

/** What each package is for. Names joined by `|` are the same thing in different releases of Debian. */
export const systemPackages = {
  // test hosts
  debootstrap: 'builds the root file systems',
  'systemd-container': 'boots them (systemd-nspawn)',
  iproute2: 'their networks',
  iptables: 'cut and half-open links',
  'openssh-client': 'keys, and the peer that benchmarks compare with',
  zstd: 'root file system cache',
  openssl: 'key files of the older kind',
  procps: 'looks at processes of hosts',
  fish: 'a login shell that is not POSIX, for the quoting of commands',
  tcsh: 'another one',
  mawk: 'an awk among those that the metrics must work with',
  gawk: 'another one',
  busybox: 'another one',
  'original-awk': 'another one',
  // the app in a window
  xvfb: 'a display',
  dbus: 'a session bus for notifications and the keyring',
  'gnome-keyring': 'a real safeStorage',
  'libsecret-1-0': 'Electron talks to the keyring through it',
  libnotify4: 'Electron sends notifications through it',
  libnss3: 'Electron',
  'libgtk-3-0|libgtk-3-0t64': 'Electron',
  'libasound2|libasound2t64': 'Electron',
  libgbm1: 'Electron',
  'fonts-dejavu-core': 'glyphs that the app’s own font lacks',
}

/** Packages of `systemPackages` that are not installed. */
export function missingPackages(wanted = Object.keys(systemPackages)) {
  const names = wanted.flatMap(name => name.split('|'))
  // Unknown names make dpkg-query exit 1, but it still prints the others.
  const { stdout } = spawnSync('dpkg-query', ['-W', `-f=\${Package} \${db:Status-Abbrev}\\n`, ...names], {
    encoding: 'utf8',
  })
  const installed = new Set(
    stdout
      .split('\n')
      .filter(line => line.includes(' ii'))
      .map(line => line.split(' ')[0]),
  )
  return wanted.filter(name => !name.split('|').some(alternative => installed.has(alternative)))
}

/** Installs what is missing. Elsewhere than on Debian as root it does nothing: the parts that need it say so themselves. */
export function ensureSystemPackages(say) {
  if (!isDebian()) return
  const missing = missingPackages()
  if (missing.length === 0) return
  if (!isRoot()) {
    say(`Not installed and needed by some tests: ${missing.join(' ')} (not root, so not installing them).`)
    return
  }
  say(`Installing system packages: ${missing.join(' ')} …`)
  const apt = args =>
    execFileSync('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  try {
    apt(['update'])
    apt(['install', '--no-install-recommends', ...missing.map(available)])
  } catch (error) {
    // Not fatal here: the part that needs the package is skipped, or fails where CI is set.
    say(`System packages could not be installed: ${error.message}`)
  }
}

function available(name) {
  const alternatives = name.split('|')
  // apt-cache prints a record only for real packages; a renamed one is at most virtual.
  return (
    alternatives.find(alternative =>
      spawnSync('apt-cache', ['show', alternative], { encoding: 'utf8' }).stdout.includes('Package:'),
    ) ?? alternatives[0]
  )
}
