// Tells by its content in which format a file of cookies is; knows no name of a file.
import type { CookieFormat } from '../../shared/model/login.ts'
import { looksEnv } from './cookies-env.ts'
import { mostBytes } from './cookies-format.ts'
import { isPairs } from './cookies-json.ts'
import { cookieListOf } from './cookies-list.ts'
import { looksNetscape } from './cookies-netscape.ts'
import { memberOf, readJsonSpans } from './json-spans.ts'

/** Null where it is none of them. */
export function detectFormat(text: string): CookieFormat | null {
  if (text.length > mostBytes) return null
  const start = text.replace(/^\ufeff/, '').trimStart()
  if (start.startsWith('{') || start.startsWith('[')) return jsonFormat(text)
  if (looksNetscape(text)) return 'netscape'
  if (/^cookie:/i.test(start)) return 'header'
  if (looksEnv(text)) return 'env'
  return /^[^\s=;,"(){}[\]<>@:\\/?]+=[^\r\n]*$/.test(start.trimEnd()) ? 'header' : null
}

function jsonFormat(text: string): CookieFormat | null {
  const root = readJsonSpans(text)
  const list = cookieListOf(root)
  if (!root || !list) return isPairs(root) ? 'json' : null
  const [first] = list.items
  if (!first) return root.kind === 'object' && memberOf(root, 'origins') ? 'storage-state' : 'json'
  if (first.kind !== 'object' || !memberOf(first, 'name') || !memberOf(first, 'value')) return null
  if (root.kind === 'object') {
    if (memberOf(root, 'origins')) return 'storage-state'
    return memberOf(first, 'expires') ? 'storage-state' : 'json'
  }
  const extension = ['expirationDate', 'hostOnly', 'storeId'].some(key => memberOf(first, key))
  return !extension && memberOf(first, 'expires') ? 'puppeteer' : 'json'
}
