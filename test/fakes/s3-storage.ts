// S3 storage on loopback, in memory: signatures and hashes checked, parts, pages and unfinished uploads as Amazon has them, and failures on request. Knows no test.
import { createHash, randomBytes } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { signatureIsGood } from './s3-signature.ts'

export const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'the/secret+of the key' }
export const bucket = 'backups'
const pageSize = 10
const smallestPart = 5 * 1024 * 1024

export interface Seen {
  readonly method: string
  readonly url: string
  readonly bytes: number
}

/** `changed`: other bytes arrive than were sent. */
export type Fault = 'busy' | 'cut' | 'changed' | 'cut answer'

interface Upload {
  readonly key: string
  readonly parts: Map<number, Buffer>
}

export interface S3Storage {
  readonly endpoint: string
  readonly seen: Seen[]
  readonly objects: Map<string, Buffer>
  readonly uploads: Map<string, Upload>
  /** Asked for each request. */
  fault: (seen: Seen, count: number) => Fault | null
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly body?: string | Buffer
  readonly headers?: Record<string, string>
}

const tag = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`
const xml = (text: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n${text}`
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
const refusal = (status: number, code: string): Answer => ({
  status,
  body: xml(`<Error><Code>${code}</Code><Message>no</Message></Error>`),
})

export async function startS3(): Promise<S3Storage> {
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, Upload>()
  const seen: Seen[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('error', () => {})
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const sent = Buffer.concat(chunks)
      const one = { method: request.method ?? '', url: request.url ?? '', bytes: sent.length }
      seen.push(one)
      const fault = storage.fault(one, seen.length)
      if (fault === 'cut') {
        request.socket.destroy()
        return
      }
      const body = fault === 'changed' ? Buffer.concat([sent.subarray(1), Buffer.from('x')]) : sent
      const answer = fault === 'busy' ? refusal(503, 'SlowDown') : checked(one, request.headers, body)
      const content = Buffer.from(answer.body ?? '')
      response.writeHead(answer.status, { 'content-length': content.length, ...answer.headers })
      if (fault === 'cut answer') response.write(content.subarray(0, 1_000), () => response.destroy())
      else response.end(one.method === 'HEAD' ? undefined : content)
    })
  })

  function checked({ method, url }: Seen, headers: http.IncomingHttpHeaders, body: Buffer): Answer {
    if (!signatureIsGood({ method, url, headers }, credentials.secretAccessKey))
      return refusal(403, 'SignatureDoesNotMatch')
    if (!String(headers.authorization).includes(`Credential=${credentials.accessKeyId}/`))
      return refusal(403, 'InvalidAccessKeyId')
    if (headers['x-amz-content-sha256'] !== createHash('sha256').update(body).digest('hex'))
      return refusal(400, 'XAmzContentSHA256Mismatch')
    const md5 = headers['content-md5']
    if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64')) return refusal(400, 'BadDigest')
    const { pathname, searchParams } = new URL(url, 'http://storage')
    const [, name = '', ...rest] = pathname.split('/')
    if (name !== bucket) return refusal(404, 'NoSuchBucket')
    return answered(method, rest.map(decodeURIComponent).join('/'), searchParams, body)
  }

  function answered(method: string, key: string, query: URLSearchParams, body: Buffer): Answer {
    const uploadId = query.get('uploadId')
    if (key === '') return query.has('uploads') ? listUploads(query) : listObjects(query)
    if (method === 'POST' && query.has('uploads')) {
      const id = randomBytes(12).toString('base64')
      uploads.set(id, { key, parts: new Map() })
      const text = `<InitiateMultipartUploadResult><Key>${key}</Key><UploadId>${escaped(id)}</UploadId></InitiateMultipartUploadResult>`
      return { status: 200, body: xml(text) }
    }
    if (uploadId !== null) return ofUpload(method, key, uploadId, Number(query.get('partNumber')), body)
    const there = objects.get(key)
    if (method === 'PUT') {
      objects.set(key, body)
      return { status: 200, headers: { etag: tag(body) } }
    }
    if (method === 'DELETE') {
      objects.delete(key)
      return { status: 204 }
    }
    if (there === undefined) return refusal(404, 'NoSuchKey')
    return { status: 200, body: there, headers: { etag: tag(there) } }
  }

  function ofUpload(method: string, key: string, id: string, number: number, body: Buffer): Answer {
    const upload = uploads.get(id)
    if (upload === undefined || upload.key !== key) return refusal(404, 'NoSuchUpload')
    if (method === 'PUT') {
      upload.parts.set(number, body)
      return { status: 200, headers: { etag: tag(body) } }
    }
    if (method === 'DELETE') {
      uploads.delete(id)
      return { status: 204 }
    }
    const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]*)<\/ETag>/g)]
    const parts = named.map(([, at]) => upload.parts.get(Number(at)))
    if (named.some(([, , etag], at) => parts[at] === undefined || tag(parts[at]) !== etag))
      return refusal(400, 'InvalidPart')
    if (parts.slice(0, -1).some(part => (part?.length ?? 0) < smallestPart)) return refusal(400, 'EntityTooSmall')
    objects.set(key, Buffer.concat(parts.map(part => part ?? Buffer.alloc(0))))
    uploads.delete(id)
    return {
      status: 200,
      body: xml(`<CompleteMultipartUploadResult><Key>${key}</Key></CompleteMultipartUploadResult>`),
    }
  }

  function listObjects(query: URLSearchParams): Answer {
    const keys = [...objects.keys()].filter(key => key.startsWith(query.get('prefix') ?? '')).sort()
    const from = Number(Buffer.from(query.get('continuation-token') ?? '', 'base64').toString() || 0)
    const most = Math.min(pageSize, Number(query.get('max-keys') ?? pageSize))
    const page = keys.slice(from, from + most)
    const more = from + most < keys.length
    const contents = page.map(key => {
      const { length } = objects.get(key) ?? { length: 0 }
      return `<Contents><Key>${escaped(key)}</Key><LastModified>2026-11-22T14:00:00.000Z</LastModified><Size>${length}</Size></Contents>`
    })
    const next = more
      ? `<NextContinuationToken>${Buffer.from(String(from + most)).toString('base64')}</NextContinuationToken>`
      : ''
    const text = `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`
    return { status: 200, body: xml(text) }
  }

  function listUploads(query: URLSearchParams): Answer {
    const found = [...uploads].filter(([, { key }]) => key.startsWith(query.get('prefix') ?? ''))
    const parts = found.map(
      ([id, { key }]) =>
        `<Upload><Key>${escaped(key)}</Key><UploadId>${escaped(id)}</UploadId><Initiated>2026-11-22T14:00:00.000Z</Initiated></Upload>`,
    )
    return { status: 200, body: xml(`<ListMultipartUploadsResult>${parts.join('')}</ListMultipartUploadsResult>`) }
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const storage: S3Storage = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ seen, objects, uploads },
    fault: () => null,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return storage
}
