// Paths of the host and the room there; knows no source.
import { AppError } from '../../../shared/errors.ts'
import { askHost } from './ask-host.ts'
import type { PipeContext } from './host-pipe.ts'

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'
export const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Throws INVALID_INPUT where it is no whole path of something in a folder. */
export function refuseNoPath(place: string): void {
  if (!/^\/[^\0\n]*[^/\0\n]$/.test(place))
    throw new AppError('INVALID_INPUT', 'Give a whole path, such as /srv/restored')
}

/** Free bytes where the folder lies, or will lie; null where the host cannot tell. */
export async function freeOn(
  context: Pick<PipeContext, 'link' | 'signal'>,
  folder: string,
  sudo: boolean,
): Promise<number | null> {
  const script = `d=$1; while [ ! -d "$d" ] && [ -n "$d" ]; do d=\${d%/*}; done
df -Pk -- "\${d:-/}" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }'`
  const { text } = await askHost(context, 'The look at the disk', ['sh', '-c', script, 'sh', folder], {
    sudo,
    accept: [0, 1],
  })
  return /^\d+$/.test(text) ? Number(text) : null
}
