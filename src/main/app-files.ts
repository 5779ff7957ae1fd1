// Which file an `app://` address means, and the headers that go with it; knows nothing of Electron.
import { readFile, realpath } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'

export const appScheme = 'app'
export const appOrigin = 'app://quarterdeck'

/** No inline code, nothing from anywhere else, no frames, no forms. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

export interface AppFile {
  readonly status: 200 | 403 | 404 | 405
  readonly headers: Record<string, string>
  readonly body: Uint8Array | null
}

/** Answers a request for a file under `folder`; whatever is not plainly a file in there is refused. */
export async function serveAppFile(folder: string, request: { url: string; method: string }): Promise<AppFile> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405)
  const path = pathOf(request.url)
  if (path === null) return refusal(403)
  const type = types[extname(path)]
  if (!type) return refusal(404)
  try {
    const [root, file] = await Promise.all([realpath(folder), realpath(join(folder, path))])
    // A link inside the folder must not lead out of it.
    if (!file.startsWith(root + sep)) return refusal(403)
    const body = await readFile(file)
    return { status: 200, headers: headers(type), body: request.method === 'HEAD' ? null : body }
  } catch {
    return refusal(404)
  }
}

/** The path inside the folder that an address names; null where it is not plain. */
function pathOf(address: string): string | null {
  let url: URL
  let path: string
  try {
    url = new URL(address)
    path = decodeURIComponent(url.pathname)
  } catch {
    return null
  }
  if (url.protocol !== `${appScheme}:` || url.host !== 'quarterdeck' || url.username || url.password) return null
  if (path === '/') return 'index.html'
  const segments = path.slice(1).split('/')
  const plain = segments.every(segment => /^[A-Za-z0-9_@-][A-Za-z0-9._@-]*$/.test(segment))
  return plain ? segments.join('/') : null
}

function headers(type: string): Record<string, string> {
  return {
    'Content-Type': type,
    'Content-Security-Policy': contentSecurityPolicy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-cache',
  }
}

function refusal(status: 403 | 404 | 405): AppFile {
  return { status, headers: headers('text/plain; charset=utf-8'), body: null }
}
