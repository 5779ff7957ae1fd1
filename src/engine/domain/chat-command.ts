// Reads what someone wrote to a bot as a command, and a name in it as a service; pure, knows no chat service.
import type { UnitRef } from '../../shared/model/unit.ts'

const chatVerbs = ['status', 'listbots', 'restart', 'update', 'silence', 'ack', 'help', 'start'] as const
export type ChatVerb = (typeof chatVerbs)[number]

export interface ChatCommand {
  readonly verb: ChatVerb | 'unknown'
  readonly words: readonly string[]
}

const shape = /^\/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{3,64}))?(?:\s+([\s\S]*))?$/

/** Null for what is no command, or one for another bot in the same group. */
export function readCommand(text: string, botName: string | null): ChatCommand | null {
  const [, name, addressee, rest = ''] = shape.exec(text.trim()) ?? []
  if (name === undefined) return null
  if (addressee !== undefined && botName !== null && addressee.toLowerCase() !== botName.toLowerCase()) return null
  const verb = chatVerbs.find(each => each === name.toLowerCase()) ?? 'unknown'
  return { verb, words: rest.split(/\s+/).filter(word => word !== '') }
}

const units = { m: 1, min: 1, h: 60, d: 1_440 } as const
const mostMinutes = 30 * 1_440

/** `30m`, `2h`, `1d` in minutes; null for anything else. */
export function readMinutes(text: string): number | null {
  const [, number, unit = 'm'] = /^(\d{1,5})(m|min|h|d)?$/i.exec(text) ?? []
  if (number === undefined) return null
  const minutes = Number(number) * units[unit.toLowerCase() as keyof typeof units]
  return minutes >= 1 && minutes <= mostMinutes ? minutes : null
}

export interface NamedUnit extends UnitRef {
  readonly hostName: string
}

export type Found<T> =
  | { readonly kind: 'one'; readonly item: T }
  | { readonly kind: 'several'; readonly items: readonly T[] }
  | { readonly kind: 'none'; readonly like: readonly T[] }

const mostNamed = 6

/** Finds a service by its name, with or without `.service`, and by `host/name` where there are several. */
export function findUnit(name: string, all: readonly NamedUnit[]): Found<NamedUnit> {
  const wanted = name.toLowerCase()
  const matches = all.filter(unit => namesOf(unit).includes(wanted))
  const [first, ...others] = matches
  if (first && others.length === 0) return { kind: 'one', item: first }
  if (first) return { kind: 'several', items: matches.slice(0, mostNamed) }
  const like = all.filter(unit => unit.name.toLowerCase().includes(wanted))
  return { kind: 'none', like: like.slice(0, mostNamed) }
}

/** As a person says it. */
export const shortName = (name: string): string => name.replace(/\.service$/, '')

function namesOf(unit: NamedUnit): string[] {
  const names = [unit.name, shortName(unit.name)].map(name => name.toLowerCase())
  const hosts = [unit.hostName, unit.hostId].map(host => host.toLowerCase())
  return [...names, ...hosts.flatMap(host => names.map(name => `${host}/${name}`))]
}
