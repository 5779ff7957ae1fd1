// How the forms of cookie files are called by those who know them. Knows no file.
import type { CookieFormat } from '../../shared/model/login.ts'

export const formatWords: Record<CookieFormat, string> = {
  netscape: 'cookies.txt',
  json: 'a list in JSON',
  'storage-state': 'Playwright’s storage state',
  puppeteer: 'Puppeteer’s list',
  header: 'a Cookie header',
  env: 'KEY=value lines',
}
