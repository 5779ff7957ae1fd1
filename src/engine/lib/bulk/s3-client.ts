// Speaks to S3-compatible storage: each request signed with the hash of what it carries, answers read in words. Knows no backup and no target.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { AwsV4Signer } from 'aws4fetch'
import { AppError } from '../../../shared/errors.ts'
import { type Clock, sleep } from '../clock.ts'

const tries = 4
const pauseMs = 500
/** A part of 16 MiB at 20 kB/s. */
const patienceMs = 15 * 60_000
const mostAnswer = 4 * 1024 * 1024

export interface S3Place {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** `https://HOST/BUCKET/KEY` rather than `https://BUCKET.HOST/KEY`. */
  readonly pathStyle: boolean
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD'
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly signal?: AbortSignal | undefined
  /** Answers beside 2xx that are no failure. */
  readonly also?: readonly number[]
}

export interface S3Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export class S3Client {
  readonly #place: S3Place
  readonly #clock: Clock

  constructor(place: S3Place, clock: Clock) {
    this.#place = place
    this.#clock = clock
  }

  /** Sends it, again where it failed for a passing reason, and reads the answer. Rejects with an AppError that says what to do. */
  async send(request: S3Request): Promise<S3Answer> {
    const response = await this.#answer(request)
    const text = request.method === 'HEAD' ? '' : await boundedText(response)
    // CompleteMultipartUpload may fail behind a 200.
    if (response.ok && /<Error>/.test(text.slice(0, 500))) throw refusal(500, text)
    return { status: response.status, headers: response.headers, text }
  }

  /** The content of an object as it comes. */
  async open(key: string, signal?: AbortSignal): Promise<Readable> {
    const { body } = await this.#answer({ method: 'GET', key, signal })
    const stream = body === null ? Readable.from([]) : Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0])
    const result = Readable.from(inWords(stream, signal), { objectMode: false, highWaterMark: 1024 * 1024 })
    result.on('error', () => {})
    result.once('close', () => stream.destroy())
    return result
  }

  async #answer(request: S3Request): Promise<Response> {
    for (let tried = 1; ; tried++) {
      const failure = await this.#once(request)
      if (failure instanceof Response) return failure
      if (!failure.passing || tried >= tries) throw failure.error
      await sleep(this.#clock, pauseMs * 4 ** (tried - 1), request.signal)
    }
  }

  async #once(request: S3Request): Promise<Response | { error: AppError; passing: boolean }> {
    const { method, body, signal, also = [] } = request
    const patience = new AbortController()
    const timer = this.#clock.after(patienceMs, () => patience.abort())
    try {
      const signed = await this.#signed(request)
      const response = await fetch(signed.url, {
        method,
        headers: signed.headers,
        ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
        // a redirect is another region or another bucket: nothing signed follows it
        redirect: 'manual',
        signal: signal === undefined ? patience.signal : AbortSignal.any([signal, patience.signal]),
      })
      if (response.ok || also.includes(response.status)) return response
      const passing =
        (response.status >= 500 && response.status !== 501) || response.status === 429 || response.status === 408
      return { error: refusal(response.status, await boundedText(response)), passing }
    } catch (caught) {
      if (signal?.aborted) throw new AppError('CANCELLED', 'Cancelled')
      return { error: unreachable(this.#place.endpoint, caught), passing: true }
    } finally {
      timer.dispose()
    }
  }

  async #signed({ method, key = '', query = {}, body }: S3Request): Promise<{ url: string; headers: Headers }> {
    const { endpoint, region, bucket, pathStyle, accessKeyId, secretAccessKey } = this.#place
    const url = new URL(endpoint)
    if (pathStyle) url.pathname = `${url.pathname.replace(/\/$/, '')}/${bucket}/${key}`
    else {
      url.hostname = `${bucket}.${url.hostname}`
      url.pathname = `${url.pathname.replace(/\/$/, '')}/${key}`
    }
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const content = body ?? new Uint8Array()
    const signer = new AwsV4Signer({
      ...{ method, url: url.href, accessKeyId, secretAccessKey, region, service: 's3' },
      headers: {
        // The storage refuses what is not these very bytes.
        'x-amz-content-sha256': createHash('sha256').update(content).digest('hex'),
        ...(body === undefined ? {} : { 'content-md5': createHash('md5').update(content).digest('base64') }),
      },
      datetime: new Date(this.#clock.now()).toISOString().replace(/[:-]|\.\d{3}/g, ''),
      // content-md5 is left out of the signature unless told
      allHeaders: true,
    })
    const signed = await signer.sign()
    return { url: signed.url.href, headers: new Headers(signed.headers) }
  }
}

/** The texts of an element in XML of the flat kind that S3 answers with. */
export function xmlTexts(xml: string, name: string): string[] {
  const found = xml.matchAll(new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`, 'g'))
  return [...found].map(([, text = '']) => plainText(text))
}

/** The insides of elements that have elements in them. */
export function xmlParts(xml: string, name: string): string[] {
  const found = xml.matchAll(new RegExp(`<${name}(?: [^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))
  return [...found].map(([, inside = '']) => inside)
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const plainText = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w+));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name] ?? whole
    const code = Number.parseInt(decimal ?? hex, decimal === undefined ? 16 : 10)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })

async function* inWords(stream: Readable, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield Buffer.from(chunk as Uint8Array)
  } catch (caught) {
    if (signal?.aborted) throw new AppError('CANCELLED', 'Cancelled')
    throw new AppError('LINK_LOST', 'The connection to the storage was lost in the middle', { cause: caught })
  }
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > mostAnswer) throw new AppError('OUTPUT_LIMIT', 'The storage answers with more than it should')
  }
  return text
}

function unreachable(endpoint: string, caught: unknown): AppError {
  if (caught instanceof AppError) return caught
  const cause = caught instanceof Error && caught.cause instanceof Error ? caught.cause : caught
  const why = cause instanceof Error ? cause.message : String(cause)
  return new AppError('UNREACHABLE', `${new URL(endpoint).host} cannot be reached (${why.slice(0, 200)})`, {
    hint: 'Look at the address of the storage and at the network of this computer.',
  })
}

/** What an answer that is no success means. */
function refusal(status: number, text: string): AppError {
  const [code = ''] = xmlTexts(text, 'Code')
  const [words = ''] = xmlTexts(text, 'Message')
  const said = `The storage answered ${status}${code === '' ? '' : ` ${code.slice(0, 60)}`}${words === '' ? '' : `: ${words.slice(0, 200)}`}`
  if (code === 'RequestTimeTooSkewed') return new AppError('CONFIG', said, { hint: "Set this computer's clock right." })
  if (code === 'NoSuchBucket')
    return new AppError('CONFIG', said, { hint: 'Make the bucket first, or correct its name.' })
  if (/AuthorizationHeaderMalformed|InvalidRegion|IllegalLocationConstraint/.test(code))
    return new AppError('CONFIG', said, { hint: 'Look at the region.' })
  if (status === 404) return new AppError('NOT_FOUND', said)
  if (/Quota|StorageFull|InsufficientStorage/i.test(code) || status === 507)
    return new AppError('DISK_FULL', said, { hint: 'Make room in the storage, or keep fewer snapshots.' })
  if (status === 401 || status === 403)
    return new AppError('ACCESS_DENIED', said, { hint: 'Look at the access key, its secret and what it may do.' })
  if (/BadDigest|XAmzContentSHA256Mismatch|InvalidDigest/.test(code))
    return new AppError('BACKUP_BAD', said, { hint: 'Nothing was kept. Try again.' })
  if (status === 501) return new AppError('UNSUPPORTED', said)
  if (status >= 300 && status < 400)
    return new AppError('CONFIG', said, { hint: 'Look at the region, the address and the way buckets are addressed.' })
  return new AppError(status >= 500 ? 'UNREACHABLE' : 'COMMAND_FAILED', said)
}
