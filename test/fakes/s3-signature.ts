// Checks a request's signature as Amazon writes it down (Signature Version 4), apart from the code that signs; knows no storage.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export interface SignedRequest {
  readonly method: string
  /** Path and query as they came. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha = (text: string): string => createHash('sha256').update(text).digest('hex')
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/** Was it signed with this secret, all that has to be signed included? */
export function signatureIsGood({ method, url, headers }: SignedRequest, secret: string): boolean {
  const authorization = String(headers.authorization ?? '')
  const [, scope = '', names = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? []
  const [date = '', region = '', service = '', end = ''] = scope.split('/')
  const signed = names.split(';')
  if (end !== 'aws4_request' || !['host', 'x-amz-date', 'x-amz-content-sha256'].every(name => signed.includes(name)))
    return false
  const at = String(headers['x-amz-date'] ?? '')
  if (!at.startsWith(date)) return false
  const [path = '', query = ''] = url.split('?')
  const parameters = [...new URLSearchParams(query)]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort((one, other) => (one < other ? -1 : 1))
  const canonical = [
    method,
    decodeURIComponent(path).split('/').map(encoded).join('/'),
    parameters.join('&'),
    ...signed.map(
      name =>
        `${name}:${String(headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}`,
    ),
    '',
    names,
    String(headers['x-amz-content-sha256']),
  ]
  const text = ['AWS4-HMAC-SHA256', at, scope, sha(canonical.join('\n'))].join('\n')
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), 'aws4_request')
  return timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'))
}
