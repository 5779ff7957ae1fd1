// Reads and writes Playwright's storageState; origins and all else that is beside the cookies stay as they are. Knows no file.
import { type LayoutReading, refused } from './cookies-format.ts'
import { cookieListOf, readCookieList } from './cookies-list.ts'
import { readJsonSpans } from './json-spans.ts'

export function readStorageState(text: string): LayoutReading {
  const root = readJsonSpans(text)
  if (root === null) return refused('It is not valid JSON')
  const list = root.kind === 'object' ? cookieListOf(root) : null
  return list ? readCookieList(text, list, 'storage-state') : refused('It has no list "cookies", as a storageState has')
}

export const emptyStorageState = '{\n  "cookies": [],\n  "origins": []\n}\n'
