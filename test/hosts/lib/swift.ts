// A real S3-compatible storage in a test host: OpenStack Swift with its s3api, one copy, in one folder; knows no test and no backup.

/** What has to be in the image; nothing of it starts by itself. */
export const swiftPackages = ['memcached', 'swift-account', 'swift-container', 'swift-object', 'swift-proxy'] as const

const port = 18_080
const account = 'backups:keeper'
const secret = 'the/secret+of.the:key'
const region = 'us-east-1'

const part = (kind: string, at: number): string => `
cat > /etc/swift/${kind}-server.conf <<'END'
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${at}
workers = 0
mount_check = false
devices = /srv/node
user = swift
[pipeline:main]
pipeline = ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
END
swift-ring-builder ${kind}.builder create 4 1 1
swift-ring-builder ${kind}.builder add r1z1-127.0.0.1:${at}/disk 1
swift-ring-builder ${kind}.builder rebalance
`

const filters = ['catch_errors', 'gatekeeper', 'listing_formats', 'slo', 'dlo']
  .map(name => `[filter:${name}]\nuse = egg:swift#${name}`)
  .join('\n')

/** Shell for the image, after the packages. */
export const swiftCustomise = `
systemctl disable memcached.service $(cd /usr/lib/systemd/system && ls swift-*.service | grep -v @)
cd /etc/swift
cat > swift.conf <<'END'
[swift-hash]
swift_hash_path_prefix = quarterdeck
swift_hash_path_suffix = test
[storage-policy:0]
name = one
default = yes
END
${part('object', 16_200)}${part('container', 16_201)}${part('account', 16_202)}
cat > proxy-server.conf <<'END'
[DEFAULT]
bind_ip = 0.0.0.0
bind_port = ${port}
workers = 0
user = swift
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats s3api tempauth slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:s3api]
use = egg:swift#s3api
location = ${region}
[filter:tempauth]
use = egg:swift#tempauth
user_${account.replace(':', '_')} = ${secret} .admin
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:11211
${filters}
END
install -d -o swift -g swift /srv/node/disk
chown -R swift:swift /etc/swift
cd /
`

/** Where it is and by which key, as a place for backups has it; it has no bucket yet. */
export interface Swift {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Starts it and waits until it answers. */
export async function startSwift(host: {
  readonly address: string
  exec(command: string): Promise<unknown>
}): Promise<Swift> {
  await host.exec('systemctl start memcached swift-object swift-container swift-account swift-proxy')
  await host.exec(`for n in $(seq 300); do
  bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}' 2>/dev/null && exit 0; sleep 0.1
done; journalctl -n 30 --no-pager >&2; exit 1`)
  return {
    ...{ endpoint: `http://${host.address}:${port}`, region, accessKeyId: account, secretAccessKey: secret },
  }
}
