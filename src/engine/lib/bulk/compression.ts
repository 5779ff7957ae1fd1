// Packs and unpacks streams by Node's own zlib, off the engine's thread; knows nothing of what flows.
import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { AppError } from '../../../shared/errors.ts'

export type Compression = 'zstd' | 'gzip' | 'none'

/** Has this runtime zstd? Node 24 has; where it has not, ask the host for gzip. */
export const zstdHere = typeof zlib.createZstdCompress === 'function'

const chunkSize = 256 * 1024
/** 32 MiB of window; what `zstd` writes without being told to asks for 8 at most. More would be memory for whoever sends a frame that asks for it. */
const mostWindowLog = 25

/** A stream that packs; null where nothing is to be packed. Quick rather than small: the link is seldom slower than this. */
export function packer(compression: Compression): Transform | null {
  if (compression === 'none') return null
  if (compression === 'gzip') return zlib.createGzip({ level: 1, chunkSize })
  if (!zstdHere) throw noZstd()
  return zlib.createZstdCompress({ chunkSize, params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } })
}

/** A stream that unpacks; null where nothing is packed. */
export function unpacker(compression: Compression): Transform | null {
  if (compression === 'none') return null
  if (compression === 'gzip') return zlib.createGunzip({ chunkSize })
  if (!zstdHere) throw noZstd()
  return zlib.createZstdDecompress({ chunkSize, params: { [zlib.constants.ZSTD_d_windowLogMax]: mostWindowLog } })
}

/** What is put behind the name of a file packed so. */
export const packedExtension = (compression: Compression): string =>
  ({ zstd: '.zst', gzip: '.gz', none: '' })[compression]

function noZstd(): AppError {
  return new AppError('UNSUPPORTED', 'This build of the app cannot unpack zstd', {
    hint: 'Choose gzip as the compression of this backup.',
  })
}
