// Reads `df -P -k` and the list of mounts; pure, decides which file systems are a person's disks and which would hang or bore.
import type { DiskUse } from '../../shared/model/metric.ts'

/** File systems on local media. Others are in memory, of the network (where statfs may hang for ever), or of the kernel. */
export const localTypes: readonly string[] =
  'ext2 ext3 ext4 xfs btrfs zfs f2fs jfs reiserfs bcachefs nilfs2 vfat exfat ntfs ntfs3 fuseblk ufs hfsplus'.split(' ')
/** Where parts of file systems are mounted again for the system's own ends, or for those of containers. */
const innerPath = /^\/(proc|sys|dev|etc|snap|run(?!\/media\/)|var\/snap|var\/lib\/(docker|containers|kubelet|lxcfs))\//
const maxMounts = 64

export interface Mount {
  readonly device: string
  readonly path: string
  readonly type: string
}

/** /proc/self/mounts, in which spaces and backslashes are written in octal. */
export function parseMounts(text: string): Mount[] {
  const mounts: Mount[] = []
  for (const line of text.split('\n')) {
    const [device, path, type] = line.split(' ')
    if (device && path?.startsWith('/') && type)
      mounts.push({ device: unescapeMount(device), path: unescapeMount(path), type })
  }
  return mounts
}

function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/**
 * Paths whose use is worth asking for: one per device, the shortest, on local file systems; and `/` whatever it is (an overlay in a
 * container), unless it is of the network.
 */
export function disksWorthAsking(mounts: readonly Mount[]): string[] {
  const byDevice = new Map<string, Mount>()
  let root: Mount | null = null
  for (const mount of mounts) {
    if (mount.path === '/') root = mount
    if (!localTypes.includes(mount.type) || innerPath.test(mount.path) || mount.path.includes('\n')) continue
    const known = byDevice.get(mount.device)
    // a file system may be mounted over: the last mount at a path is the one that is seen
    if (!known || mount.path.length < known.path.length) byDevice.set(mount.device, mount)
  }
  const paths = [...byDevice.values()].map(mount => mount.path)
  if (root && !paths.includes('/') && !/^(nfs|cifs|smb|9p|ceph|gluster|fuse)/.test(root.type)) paths.unshift('/')
  return [...new Set(paths)].sort().slice(0, maxMounts)
}

/** Lines of `df -P -k`: device, blocks, used, available, per cent, mount. Devices and mounts may contain spaces. */
export function parseDf(text: string): DiskUse[] {
  const disks: DiskUse[] = []
  for (const line of text.split('\n')) {
    const match = /^(.+?)\s+(\d+)\s+(\d+)\s+(-?\d+)\s+(?:\d+%|-)\s+(\/.*)$/.exec(line)
    if (!match || disks.length >= maxMounts) continue
    const [, device = '', total, used, free, mount = ''] = match
    const totalBytes = Number(total) * 1024
    if (!(totalBytes > 0) || !Number.isSafeInteger(totalBytes)) continue
    disks.push({
      mount,
      device,
      totalBytes,
      usedBytes: Number(used) * 1024,
      freeBytes: Math.max(0, Number(free) * 1024),
    })
  }
  return disks
}
