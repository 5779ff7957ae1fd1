// Reads and writes the array that Puppeteer's page.cookies() gives and setCookie() takes; knows no file.
import { type LayoutReading, refused } from './cookies-format.ts'
import { cookieListOf, readCookieList } from './cookies-list.ts'
import { readJsonSpans } from './json-spans.ts'

export function readPuppeteer(text: string): LayoutReading {
  const root = readJsonSpans(text)
  if (root === null) return refused('It is not valid JSON')
  const list = cookieListOf(root)
  return list ? readCookieList(text, list, 'puppeteer') : refused('It is JSON, but holds no list of cookies')
}

export const emptyPuppeteer = '[]\n'
