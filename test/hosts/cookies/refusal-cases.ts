// What may lie at the path of a cookie file that must not be replaced, and what a person is then told; knows no host.

export interface Refusal {
  readonly name: string
  readonly script?: string
  readonly as?: 'owner' | 'root' | 'norights'
  readonly code: string
  readonly message: RegExp
  readonly hint: RegExp
}

/** `$f` is the file, which belongs to deploy, and `$d` its folder. */
export const refusals: readonly Refusal[] = [
  {
    name: 'a symbolic link',
    script: 'mv "$f" "$d/real"; ln -s real "$f"',
    code: 'kind',
    message: /symbolic link/,
    hint: /readlink -f/,
  },
  {
    name: 'a dangling link',
    script: 'rm "$f"; ln -s nowhere "$f"',
    code: 'kind',
    message: /symbolic link/,
    hint: /readlink/,
  },
  { name: 'a hard link', script: 'ln "$f" "$d/second"', code: 'links', message: /2 names/, hint: /cp -p .* && mv/ },
  { name: 'a folder', script: 'rm "$f"; mkdir "$f"', code: 'kind', message: /is a folder/, hint: /the file in it/ },
  { name: 'a FIFO', script: 'rm "$f"; mkfifo "$f"', code: 'kind', message: /named pipe/, hint: /regular file/ },
  { name: 'a device', script: 'rm "$f"; cp -a /dev/null "$f"', code: 'kind', message: /device/, hint: /regular file/ },
  { name: 'nothing', script: 'rm "$f"', code: 'missing', message: /does not exist/, hint: /path/ },
  { name: 'no folder', script: 'rm -r "$d"', code: 'folder', message: /folder .* does not exist/, hint: /path/ },
  {
    name: 'a folder that everybody may write',
    script: 'chmod 777 "$d"',
    code: 'folder-writable',
    message: /Everybody .*777/,
    hint: /chmod o-w/,
  },
  {
    name: 'a sticky folder',
    script: 'chmod 1777 "$d"',
    code: 'folder-writable',
    message: /sticky bit does not/,
    hint: /folder of the bot's own/,
  },
  {
    name: 'a folder that a group may write',
    script: 'chmod 775 "$d"',
    code: 'folder-writable',
    message: /A group.*775/,
    hint: /chmod g-w/,
  },
  {
    name: 'a folder whose list lets another user write',
    script:
      `python3 -c 'import os,sys;os.setxattr(sys.argv[1],"system.posix_acl_access",bytes.fromhex("020000000100070` +
      `0ffffffff02000700eb03000004000500ffffffff10000700ffffffff20000500ffffffff"))' "$d"`,
    code: 'folder-writable',
    message: /access control list, may write/,
    hint: /chmod g-w/,
  },
  {
    name: 'a folder above that everybody may write',
    script: 'chmod 777 "$d/.."',
    code: 'folder-writable',
    message: /above/,
    hint: /chmod \+t/,
  },
  {
    name: 'a folder of somebody else',
    script: 'chown watcher "$d"',
    code: 'folder-owner',
    message: /belongs to watcher and the file to deploy/,
    hint: /chown deploy/,
  },
  {
    name: 'a folder of somebody else, as root',
    script: 'chown watcher "$d"',
    as: 'root',
    code: 'folder-owner',
    message: /watcher could swap/,
    hint: /chown deploy/,
  },
  {
    name: 'a folder of root, without sudo',
    script: 'chown root "$d"',
    code: 'folder-rights',
    message: /may not be written/,
    hint: /sudo/,
  },
  {
    name: 'too large a file',
    script: 'truncate -s 1048577 "$f"',
    code: 'too-large',
    message: /1048577 bytes/,
    hint: /path/,
  },
  {
    name: 'the file of another, without sudo',
    script: 'chmod 644 "$f"',
    as: 'norights',
    code: 'owner',
    message: /belongs to deploy/,
    hint: /sudo/,
  },
  { name: 'a file that may not be read', as: 'norights', code: 'unreadable', message: /may not be read/, hint: /sudo/ },
  {
    name: 'a group that its owner is not in',
    script: 'chown deploy:shadow "$f"',
    code: 'group',
    message: /group shadow/,
    hint: /sudo/,
  },
  {
    name: 'a file that is mounted by itself',
    script: 'mount --bind "$f" "$f"',
    as: 'root',
    code: 'failed',
    message: /mounted by itself/,
    hint: /folder into the container/,
  },
]
