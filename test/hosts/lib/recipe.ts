// Says what is in a test host's root file system, as text whose hash names the cached image; must not know how or where it is built.

import { createHash } from 'node:crypto'
import { swiftCustomise, swiftPackages } from './swift.ts'

/** The Debian releases that the product is tested on. */
export const suites = ['bullseye', 'bookworm', 'trixie'] as const
export type Suite = (typeof suites)[number]

const packages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'dbus-user-session',
  'libpam-systemd',
  'openssh-server',
  'sudo',
  'fish',
  'python3',
  'sqlite3',
  'postgresql',
  'redis-server',
  'procps',
  'iproute2',
  'zstd',
  'gzip',
  'tar',
  'ca-certificates',
]

/** polkit changed its package name between Debian 11 and 12. */
const polkit: Record<Suite, string> = { bullseye: 'policykit-1', bookworm: 'polkitd', trixie: 'polkitd' }

/** One suite is enough for what takes this long to install; it starts only where a test wants it. `late` is what debootstrap cannot put in order. */
const more: Partial<Record<Suite, { packages: readonly string[]; late?: readonly string[]; customise: string }>> = {
  bullseye: { packages: ['mariadb-server'], customise: 'systemctl disable mariadb.service\n' },
  trixie: { packages: [], late: swiftPackages, customise: swiftCustomise },
}

const installed = (late: readonly string[]): string => `
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
apt-get update
apt-get install -y --no-install-recommends ${late.join(' ')}
`

/** The users of every host; the uid makes ownership in fixtures predictable. */
const users = `
useradd -m -u 1001 -s /bin/bash -G sudo,adm deploy
useradd -m -u 1002 -s /bin/bash -G sudo sam
useradd -m -u 1003 -s /bin/bash norights
useradd -m -u 1004 -s /usr/bin/fish -G sudo,adm fishy
useradd -m -u 1005 -s /bin/bash -G systemd-journal watcher
for user in deploy sam norights fishy watcher; do
  install -d -m 700 -o "$user" -g "$user" "/home/$user/.ssh"
done
cat > /etc/sudoers.d/quarterdeck-test <<'END'
deploy ALL=(ALL:ALL) NOPASSWD: ALL
fishy ALL=(ALL:ALL) NOPASSWD: ALL
END
chmod 440 /etc/sudoers.d/quarterdeck-test
`

/** What cannot work or only costs time in a container is masked, so that a healthy host says "running", not "degraded". */
const customise = `
set -eu
export LC_ALL=C.UTF-8
${users}
cat > /etc/ssh/sshd_config.d/quarterdeck-test.conf <<'END'
LogLevel VERBOSE
PasswordAuthentication yes
UseDNS no
END
mkdir -p /etc/systemd/journald.conf.d /etc/systemd/system.conf.d
cat > /etc/systemd/journald.conf.d/quarterdeck-test.conf <<'END'
[Journal]
Storage=persistent
SystemMaxUse=4G
SystemMaxFileSize=512M
END
cat > /etc/systemd/system.conf.d/quarterdeck-test.conf <<'END'
[Manager]
DefaultTimeoutStopSec=10s
END
mkdir -p /var/log/journal
for unit in systemd-networkd.service systemd-resolved.service systemd-timesyncd.service systemd-udevd.service \\
  systemd-udev-trigger.service console-getty.service getty@tty1.service systemd-logind-varlink.socket \\
  apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer man-db.timer \\
  dpkg-db-backup.timer systemd-firstboot.service systemd-remount-fs.service sys-kernel-debug.mount sys-kernel-tracing.mount \\
  systemd-pcrlock-make-policy.service systemd-tpm2-setup.service systemd-networkd-wait-online.service; do
  ln -sf /dev/null "/etc/systemd/system/$unit"
done
systemctl disable postgresql.service redis-server.service
ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime
echo 'LANG=C.UTF-8' > /etc/default/locale
: > /etc/fstab
: > /etc/machine-id
rm -f /etc/hostname /usr/sbin/policy-rc.d /etc/resolv.conf
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/cache/apt/*.bin /var/log/*.log /var/cache/debconf/*-old
rm -rf /var/cache/man /usr/share/doc /usr/share/man /usr/share/locale
`

/** Runs before debootstrap in the empty target: keeps dpkg from syncing, from starting daemons and from unpacking what nobody reads. */
const prepare = `
set -eu
mkdir -p "$target/etc/dpkg/dpkg.cfg.d" "$target/usr/sbin"
cat > "$target/etc/dpkg/dpkg.cfg.d/quarterdeck-test" <<'END'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/i18n/*
path-exclude=/usr/lib/*/libLLVM*
path-exclude=/usr/lib/llvm*
path-exclude=/usr/lib/postgresql/*/lib/llvmjit*
path-exclude=/usr/lib/postgresql/*/lib/bitcode/*
END
printf '#!/bin/sh\\nexit 101\\n' > "$target/usr/sbin/policy-rc.d"
chmod 755 "$target/usr/sbin/policy-rc.d"
`

/** Everything that decides what an image contains. */
export interface Recipe {
  readonly suite: Suite
  readonly packages: readonly string[]
  readonly prepare: string
  readonly customise: string
}

export function recipeFor(suite: Suite): Recipe {
  const { packages: extra = [], late = [], customise: last = '' } = more[suite] ?? {}
  const first = late.length === 0 ? '' : installed(late)
  return { suite, packages: [...packages, polkit[suite], ...extra], prepare, customise: first + customise + last }
}

/** The name of a recipe's image: a change in any package or line makes a new one. */
export function recipeName(recipe: Recipe): string {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12)
  return `${recipe.suite}-${hash}`
}
