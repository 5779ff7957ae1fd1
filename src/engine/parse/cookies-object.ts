// Reads and writes one cookie as a JSON object in the ways that extensions and browser drivers have; knows nothing of the list around it.
import { asHeldBy, bareDomain, type Cookie, latestTime, type SameSite } from '../../shared/cookie.ts'
import { type JsonNode, type JsonObject, layoutOf, memberOf, plainOf, rebuildList } from './json-spans.ts'

export type ObjectFormat = 'json' | 'storage-state' | 'puppeteer'

/** Extensions write seconds as `expirationDate`, drivers as `expires`, Selenium as `expiry`. */
const expiryKeys = ['expirationDate', 'expires', 'expiry'] as const
const usualExpiry: Record<ObjectFormat, (typeof expiryKeys)[number]> = {
  json: 'expirationDate',
  'storage-state': 'expires',
  puppeteer: 'expires',
}

/** Null where it is no cookie: it has neither a name nor a value. */
export function cookieOfObject(object: JsonObject): Cookie | null {
  const name = plainOf(object, 'name')
  const value = plainOf(object, 'value')
  if (typeof name !== 'string' || (typeof value !== 'string' && typeof value !== 'number')) return null
  const domain = textOf(object, 'domain')
  const hostOnly = plainOf(object, 'hostOnly')
  const partitionKey = partitionOf(memberOf(object, 'partitionKey')?.value)
  return {
    name,
    value: String(value),
    domain: bareDomain(domain),
    hostOnly: domain === '' || (typeof hostOnly === 'boolean' ? hostOnly : !domain.startsWith('.')),
    path: textOf(object, 'path') || '/',
    secure: plainOf(object, 'secure') === true,
    httpOnly: plainOf(object, 'httpOnly') === true,
    sameSite: sameSiteOf(plainOf(object, 'sameSite')),
    expiresAt: plainOf(object, 'session') === true ? null : expiryOf(object),
    ...(partitionKey === null ? {} : { partitionKey }),
  }
}

function textOf(object: JsonObject, key: string): string {
  const value = plainOf(object, key)
  return typeof value === 'string' ? value : ''
}

function sameSiteOf(value: unknown): SameSite {
  switch (typeof value === 'string' ? value.toLowerCase() : '') {
    case 'none':
    case 'no_restriction':
      return 'no_restriction'
    case 'lax':
      return 'lax'
    case 'strict':
      return 'strict'
    default:
      return 'unspecified'
  }
}

function expiryOf(object: JsonObject): number | null {
  for (const key of expiryKeys) {
    const value = plainOf(object, key)
    if (value === undefined || value === null || typeof value === 'boolean') continue
    const time = timeOf(value)
    return time === null || time <= 0 ? null : Math.min(Math.round(time), latestTime)
  }
  return null
}

/** Seconds, seconds as text, or a date. */
function timeOf(value: string | number): number | null {
  if (typeof value === 'number') return value * 1000
  const time = /^-?\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value)
  return Number.isFinite(time) ? time : null
}

function partitionOf(node: JsonNode | undefined): string | null {
  if (node?.kind === 'plain') return typeof node.value === 'string' && node.value !== '' ? node.value : null
  if (node?.kind !== 'object') return null
  return textOf(node, 'topLevelSite') || textOf(node, 'sourceOrigin') || null
}

/** The object's text with what differs, and nothing else, changed; `undefined` in `wanted` takes a member away. */
export function changedObject(
  text: string,
  object: JsonObject,
  before: Cookie,
  coming: Cookie,
  format: ObjectFormat,
): string {
  const after = asHeldBy(format, coming)
  const wanted = new Map<string, unknown>()
  if (after.name !== before.name) wanted.set('name', after.name)
  if (after.value !== before.value) wanted.set('value', after.value)
  if (after.domain !== before.domain || after.hostOnly !== before.hostOnly) {
    wanted.set('domain', shownDomain(after))
    if (memberOf(object, 'hostOnly')) wanted.set('hostOnly', after.hostOnly)
  }
  if (after.path !== before.path) wanted.set('path', after.path)
  if (after.secure !== before.secure) wanted.set('secure', after.secure)
  if (after.httpOnly !== before.httpOnly) wanted.set('httpOnly', after.httpOnly)
  if (after.sameSite !== before.sameSite) wanted.set('sameSite', shownSameSite(after, format, object))
  if (after.expiresAt !== before.expiresAt) expiryMembers(object, after, format, wanted)
  if (after.partitionKey !== before.partitionKey) wanted.set('partitionKey', shownPartition(after, format, object))
  if (typeof plainOf(object, 'size') === 'number' && (wanted.has('value') || wanted.has('name')))
    wanted.set('size', after.name.length + after.value.length)
  return withMembers(text, object, wanted)
}

function expiryMembers(object: JsonObject, after: Cookie, format: ObjectFormat, wanted: Map<string, unknown>): void {
  const known = expiryKeys.filter(key => memberOf(object, key))
  const hasSession = memberOf(object, 'session') !== undefined
  if (hasSession) wanted.set('session', after.expiresAt === null)
  if (after.expiresAt === null) {
    for (const key of known) wanted.set(key, format === 'json' ? undefined : -1)
    return
  }
  const key = known[0] ?? usualExpiry[format]
  const old = plainOf(object, key)
  wanted.set(key, shownTime(after.expiresAt, key, old))
}

function shownTime(time: number, key: string, old: unknown): number | string {
  const seconds = key === 'expiry' ? Math.floor(time / 1000) : time / 1000
  if (typeof old !== 'string') return seconds
  return /^-?\d+(?:\.\d+)?$/.test(old.trim()) ? String(seconds) : new Date(time).toISOString()
}

function shownDomain({ domain, hostOnly }: Cookie): string {
  return hostOnly || domain === '' ? domain : `.${domain}`
}

const driverWords: Record<SameSite, string | undefined> = {
  unspecified: undefined,
  no_restriction: 'None',
  lax: 'Lax',
  strict: 'Strict',
}

/** In the words of the file: `None` or `no_restriction`. */
function shownSameSite({ sameSite }: Cookie, format: ObjectFormat, object: JsonObject | null): string | undefined {
  const old = object === null ? undefined : plainOf(object, 'sameSite')
  const driver = format !== 'json' || (typeof old === 'string' && /^[A-Z]/.test(old))
  return driver ? driverWords[sameSite] : sameSite
}

function shownPartition({ partitionKey }: Cookie, format: ObjectFormat, object: JsonObject | null): unknown {
  const old = object === null ? undefined : memberOf(object, 'partitionKey')?.value
  if (partitionKey === undefined) return old?.kind === 'plain' && old.value === null ? null : undefined
  const nested = old?.kind === 'object' ? !memberOf(old, 'sourceOrigin') : old === undefined && format === 'json'
  if (old?.kind === 'object' && !nested) return { sourceOrigin: partitionKey }
  return nested ? { topLevelSite: partitionKey } : partitionKey
}

function withMembers(text: string, object: JsonObject, wanted: ReadonlyMap<string, unknown>): string {
  const { members } = object
  const spans = members.map(member => ({ start: member.start, end: member.value.end }))
  const counted = new Set(new Map(members.map(member => [member.key, member])).values())
  const colon = colonOf(text, object)
  const kept = members.map(member => {
    const whole = text.slice(member.start, member.value.end)
    if (!wanted.has(member.key)) return whole
    const value = wanted.get(member.key)
    if (value === undefined) return null
    // of a key that stands twice the last one counts
    if (!counted.has(member)) return whole
    return text.slice(member.start, member.value.start) + JSON.stringify(value)
  })
  const known = new Set(members.map(({ key }) => key))
  const added = [...wanted].flatMap(([key, value]) =>
    known.has(key) || value === undefined ? [] : `${JSON.stringify(key)}${colon}${JSON.stringify(value)}`,
  )
  const layout = layoutOf(text, object, spans) ?? { lead: '', separator: ', ', tail: '' }
  return `{${rebuildList(text, object, spans, kept, added, layout)}}`
}

function colonOf(text: string, { members: [first] }: JsonObject): string {
  return first ? text.slice(first.keyEnd, first.value.start) : ': '
}

/** How a new object is to look: like its sibling where there is one, else with `outer` before its brackets and `inner` before its members. */
export interface NewObjectStyle {
  readonly text: string
  readonly sibling: JsonObject | null
  /** Null: all in one line. */
  readonly indent: { readonly outer: string; readonly inner: string } | null
  /** What extensions count their cookies by. */
  readonly id: number
}

export function newObject(coming: Cookie, format: ObjectFormat, how: NewObjectStyle): string {
  const { text, sibling, indent } = how
  const values = membersOf(asHeldBy(format, coming), format, how)
  const spans = sibling?.members.map(({ start, value }) => ({ start, end: value.end })) ?? []
  const fresh =
    indent === null
      ? { lead: '', separator: ',', tail: '' }
      : { lead: `\n${indent.inner}`, separator: `,\n${indent.inner}`, tail: `\n${indent.outer}` }
  const layout = (sibling && layoutOf(text, sibling, spans)) ?? fresh
  const colon = sibling && spans.length > 0 ? colonOf(text, sibling) : indent === null ? ':' : ': '
  const members = values.map(([key, value]) => `${JSON.stringify(key)}${colon}${JSON.stringify(value)}`)
  return `{${layout.lead}${members.join(layout.separator)}${layout.tail}}`
}

/** Written only where the others of the file have them. */
const optional = new Set(['hostOnly', 'session', 'storeId', 'size'])

function membersOf(
  cookie: Cookie,
  format: ObjectFormat,
  { sibling, id }: Pick<NewObjectStyle, 'sibling' | 'id'>,
): [string, unknown][] {
  const { name, value, hostOnly, path, secure, httpOnly, expiresAt } = cookie
  const session = expiresAt === null
  const expiry = expiryKeys.find(key => sibling && memberOf(sibling, key)) ?? usualExpiry[format]
  const domain = shownDomain(cookie)
  const sameSite = shownSameSite(cookie, format, sibling)
  const partitionKey = cookie.partitionKey === undefined ? undefined : shownPartition(cookie, format, sibling)
  const time = session ? undefined : shownTime(expiresAt, expiry, sibling ? plainOf(sibling, expiry) : undefined)
  const all: Record<string, unknown> =
    format === 'json'
      ? {
          ...{ domain, [expiry]: time, hostOnly, httpOnly, name, path, sameSite, secure, session },
          ...{ storeId: sibling ? plainOf(sibling, 'storeId') : null, value, partitionKey },
          ...(sibling && typeof plainOf(sibling, 'id') === 'number' ? { id } : {}),
        }
      : format === 'puppeteer'
        ? {
            ...{ name, value, domain, path, [expiry]: time ?? -1, size: name.length + value.length },
            ...{ httpOnly, secure, session, sameSite, partitionKey },
          }
        : { name, value, domain, path, [expiry]: time ?? -1, httpOnly, secure, sameSite, partitionKey }
  const order = sibling?.members.map(({ key }) => key) ?? []
  const place = (key: string): number => (order.includes(key) ? order.indexOf(key) : order.length)
  return Object.entries(all)
    .filter(([key, one]) => one !== undefined && (!sibling || !optional.has(key) || order.includes(key)))
    .sort(([one], [other]) => place(one) - place(other))
}
