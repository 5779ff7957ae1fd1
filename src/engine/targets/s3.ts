// S3-compatible storage as a place for backups: in parts that the storage checks one by one, visible only once all are there. Knows no snapshot.
import type { Readable } from 'node:stream'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import { targetPath, targetPrefix } from '../domain/target-path.ts'
import { S3Client, xmlParts, xmlTexts } from '../lib/bulk/s3-client.ts'
import { Tally } from '../lib/bulk/tally.ts'
import { type TargetFile, type TargetStore, type TargetWriter, targetType } from './target.ts'

/** All of one size, as some storages want it; 10,000 of them are 160 GB. One is filled while one is sent: that is the memory. */
const partBytes = 16 * 1024 * 1024
const mostParts = 10_000
const removedAtOnce = 8
const ending = '.partial'

const spec = z.object({
  endpoint: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .refine(url => new URL(url).username === '' && new URL(url).search === '', 'Without a user, password or query')
    .meta({ title: 'Address', placeholder: 'https://s3.eu-central-1.amazonaws.com' }),
  region: z
    .string()
    .trim()
    .regex(/^[a-z0-9-]{1,50}$/, 'A region: eu-central-1')
    .default('us-east-1')
    .meta({ title: 'Region', description: 'Where the storage has none, leave it as it is' }),
  bucket: z
    .string()
    .trim()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'The name of a bucket')
    .meta({ title: 'Bucket' }),
  folder: z
    .string()
    .trim()
    .max(200)
    .regex(/^([A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*)?$/, 'A path without a slash at its ends')
    .refine(path => !path.includes('..'), 'A path without ..')
    .default('')
    .meta({ title: 'Folder', description: 'Put before all names; may stay empty' }),
  pathStyle: z.boolean().default(true).meta({
    title: 'Bucket in the path',
    description: 'As most storages of one’s own want it; off: in the name of the host',
  }),
  accessKeyId: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]{1,200}$/, 'The id of an access key')
    .meta({ title: 'Access key' }),
  secretAccessKey: z.string().optional().meta({ title: 'Its secret', secret: true }),
})
type Spec = z.output<typeof spec>

export const s3 = targetType({
  type: 's3',
  title: 'S3-compatible storage',
  description: 'A bucket at Amazon, Backblaze, Hetzner, MinIO, Garage and others',
  spec,
  hostOf: () => null,
  async open(context, fields) {
    const secretAccessKey = await context.secret('secretAccessKey')
    if (secretAccessKey === null)
      throw new AppError('CONFIG', 'The secret of the access key is not stored', { hint: 'Enter it at the target.' })
    return new S3Store(new S3Client({ ...fields, secretAccessKey }, context.clock), fields)
  },
})

interface Upload {
  readonly key: string
  readonly id: string
  readonly startedAt: number
}

class S3Store implements TargetStore {
  readonly hashes = true
  readonly #client: S3Client
  readonly #base: string

  constructor(client: S3Client, { folder }: Spec) {
    this.#client = client
    this.#base = folder === '' ? '' : `${folder}/`
  }

  /** Nobody tells. */
  async freeBytes(): Promise<number | null> {
    // that the bucket is there and the key is good is asked all the same
    await this.#client.send({ method: 'GET', query: { 'list-type': '2', 'max-keys': '1', prefix: this.#base } })
    return null
  }

  async create(path: string, signal?: AbortSignal): Promise<TargetWriter> {
    return new S3Writer(this.#client, `${this.#base}${targetPath(path)}`, signal)
  }

  async put(path: string, content: Uint8Array): Promise<void> {
    await this.#client.send({ method: 'PUT', key: `${this.#base}${targetPath(path)}`, body: content })
  }

  async read(path: string, signal?: AbortSignal): Promise<Readable> {
    return await this.#client.open(`${this.#base}${targetPath(path)}`, signal)
  }

  async list(prefix: string): Promise<TargetFile[]> {
    const below = targetPrefix(prefix) === '' ? this.#base : `${this.#base}${targetPrefix(prefix)}/`
    const files: TargetFile[] = []
    for (let next: string | undefined = ''; next !== undefined; ) {
      const query = { 'list-type': '2', prefix: below, ...(next === '' ? {} : { 'continuation-token': next }) }
      const { text }: { text: string } = await this.#client.send({ method: 'GET', query })
      for (const one of xmlParts(text, 'Contents')) {
        const [key = '', bytes = '', at = ''] = ['Key', 'Size', 'LastModified'].map(
          name => xmlTexts(one, name)[0] ?? '',
        )
        files.push({ path: key, bytes: Number(bytes), modifiedAt: Date.parse(at) || null })
      }
      next = xmlTexts(text, 'IsTruncated')[0] === 'true' ? xmlTexts(text, 'NextContinuationToken')[0] : undefined
    }
    for (const { key, startedAt } of await this.#uploads(below))
      files.push({ path: `${key}${ending}`, bytes: 0, modifiedAt: startedAt || null })
    return files.flatMap(file => {
      const path = file.path.slice(this.#base.length)
      return file.path.startsWith(this.#base) && isOurs(path) ? [{ ...file, path }] : []
    })
  }

  async remove(paths: readonly string[]): Promise<void> {
    const keys = paths.map(path => `${this.#base}${targetPath(path)}`)
    for (let at = 0; at < keys.length; at += removedAtOnce)
      await Promise.all(
        keys.slice(at, at + removedAtOnce).map(async key => {
          await this.#client.send({ method: 'DELETE', key, also: [404] })
          if (key.endsWith(ending)) await this.#abortUploads(key.slice(0, -ending.length))
        }),
      )
  }

  async dispose(): Promise<void> {}

  async #abortUploads(of: string): Promise<void> {
    for (const { key, id } of await this.#uploads(of))
      if (key === of) await this.#client.send({ method: 'DELETE', key, query: { uploadId: id }, also: [404] })
  }

  /** What was begun and never finished: it costs money, and nobody sees it. Storages that cannot list it have none to show. */
  async #uploads(prefix: string): Promise<Upload[]> {
    try {
      const { text } = await this.#client.send({ method: 'GET', query: { uploads: '', prefix } })
      return xmlParts(text, 'Upload').map(one => ({
        key: xmlTexts(one, 'Key')[0] ?? '',
        id: xmlTexts(one, 'UploadId')[0] ?? '',
        startedAt: Date.parse(xmlTexts(one, 'Initiated')[0] ?? ''),
      }))
    } catch (caught) {
      const { code } = AppError.from(caught)
      if (code === 'CANCELLED' || code === 'UNREACHABLE') throw caught
      return []
    }
  }
}

class S3Writer implements TargetWriter {
  readonly #client: S3Client
  readonly #key: string
  readonly #signal: AbortSignal | undefined
  readonly #tally = new Tally()
  #held: Uint8Array[] = []
  #heldBytes = 0
  #uploadId: string | null = null
  readonly #parts: string[] = []
  #sending: Promise<void> = Promise.resolve()
  #over = false

  constructor(client: S3Client, key: string, signal: AbortSignal | undefined) {
    this.#client = client
    this.#key = key
    this.#signal = signal
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#signal?.aborted) throw new AppError('CANCELLED', 'Cancelled')
    this.#tally.add(chunk)
    for (let at = 0; at < chunk.length; ) {
      // a copy: whoever gave the chunk may use its memory again
      const piece = Uint8Array.from(chunk.subarray(at, at + partBytes - this.#heldBytes))
      this.#held.push(piece)
      this.#heldBytes += piece.length
      at += piece.length
      if (this.#heldBytes === partBytes) await this.#send()
    }
  }

  async finish(expected: { bytes: number; sha256: string }): Promise<void> {
    try {
      const { bytes, sha256 } = this.#tally.end()
      if (bytes !== expected.bytes || sha256 !== expected.sha256)
        throw new AppError('BACKUP_BAD', `${this.#key}: other bytes were sent than were meant`)
      if (this.#uploadId === null) await this.#request('PUT', {}, this.#take())
      else {
        if (this.#heldBytes > 0) await this.#send()
        await this.#sending
        const parts = this.#parts.map((tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${tag}</ETag></Part>`)
        const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
        await this.#request('POST', { uploadId: this.#uploadId }, Buffer.from(body))
      }
      const there = await this.#request('HEAD')
      if (Number(there.headers.get('content-length')) !== bytes) {
        await this.#request('DELETE')
        throw new AppError('BACKUP_BAD', `${this.#key}: the storage holds another number of bytes than were sent`)
      }
      this.#over = true
    } catch (caught) {
      await this.abort()
      throw caught
    }
  }

  async abort(): Promise<void> {
    if (this.#over) return
    this.#over = true
    this.#held = []
    await this.#sending.catch(() => {})
    if (this.#uploadId === null) return
    const query = { uploadId: this.#uploadId }
    await this.#client.send({ method: 'DELETE', key: this.#key, query, also: [404] }).catch(() => {})
  }

  /** Sends what is held once the part before it is there. */
  async #send(): Promise<void> {
    if (this.#uploadId === null) {
      const { text } = await this.#request('POST', { uploads: '' })
      const [id] = xmlTexts(text, 'UploadId')
      if (id === undefined) throw new AppError('PROTOCOL', 'The storage began no upload in parts')
      this.#uploadId = id
    }
    await this.#sending
    const number = this.#parts.length + 1
    if (number > mostParts) throw new AppError('UNSUPPORTED', 'A file in this storage can be 160 GB at most')
    const [body, uploadId] = [this.#take(), this.#uploadId]
    this.#sending = this.#request('PUT', { partNumber: String(number), uploadId }, body).then(({ headers }) => {
      this.#parts.push((headers.get('etag') ?? '').replace(/[<>&]/g, ''))
    })
    this.#sending.catch(() => {})
  }

  #take(): Uint8Array {
    const body = Buffer.concat(this.#held, this.#heldBytes)
    this.#held = []
    this.#heldBytes = 0
    return body
  }

  #request(method: 'PUT' | 'POST' | 'HEAD' | 'DELETE', query: Record<string, string> = {}, body?: Uint8Array) {
    return this.#client.send({
      method,
      key: this.#key,
      query,
      signal: this.#signal,
      ...(body === undefined ? {} : { body }),
    })
  }
}

const isOurs = (path: string): boolean => {
  try {
    return targetPath(path) === path
  } catch {
    return false
  }
}
