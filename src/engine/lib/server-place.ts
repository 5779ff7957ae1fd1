// How a person names a database server on a host, the same for every kind of them; knows no program.
import { z } from 'zod'

const accountName = /^([a-z_][a-z0-9_.-]*\$?)?$/i

/** Fields of a spec: where the server is, and which account of the host asks it. */
export const serverPlace = (port: number, account: string) => ({
  address: z.string().trim().max(400).default('').meta({
    title: 'Address',
    description: 'As seen from the host, such as 127.0.0.1; empty is the socket there',
  }),
  port: z.number().int().min(1).max(65_535).default(port).meta({ title: 'Port' }),
  account: z.string().trim().max(32).regex(accountName, 'Not the name of an account').default(account).meta({
    title: 'Account on the host',
    description: 'Who connects over the socket, by sudo; empty is who logs in',
  }),
})

/** Kept in the vault; absent from the spec. */
export const serverPassword = z
  .string()
  .optional()
  .meta({ title: 'Password', description: 'Kept in the vault', secret: true })

/** The title of the field that leaves out one of all databases. */
export const leaveOut = 'Without'

/** Fields of a spec that may stand for all databases of a server. */
export const databaseOrAll = (most: number) => ({
  database: z.string().trim().max(most).default('').meta({
    title: 'Database',
    description: 'Empty is all of them, also those that come later; each can be restored by itself',
  }),
  except: z.array(z.string().trim().min(1).max(most)).max(100).default([]).meta({
    title: leaveOut,
    description: 'Where all are taken: databases that are left out',
  }),
})

interface Place {
  readonly database: string
  readonly address: string
  readonly port: number
}

/** As a person would say it. */
export const placeOf = ({ database, address, port }: Place): string =>
  `database ${database} ${address === '' ? '' : `at ${address} `}on port ${port}`

export const isSocket = (address: string): boolean => address === '' || address.startsWith('/')

/** Does it run on the host itself? */
export const isLocal = (address: string): boolean =>
  isSocket(address) || ['127.0.0.1', '::1', 'localhost'].includes(address)

/** A name as the key of a part that is proposed. */
export const keyOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 40)

/** A name as the end of a part's key: the same one each time, and another one for each name. */
function keyOfName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9_-]+/g, '-')
  if (plain === name) return name
  let hash = 5381
  for (const letter of name) hash = (hash * 33 + (letter.codePointAt(0) ?? 0)) % 0x1_0000_0000
  return `${plain.slice(0, 60)}-${hash.toString(16)}`
}

/** Databases of this app's own: beside a restore, after it, of a drill, of roles that were kept. */
const ownDatabase = /^quarterdeck_(drill|roles)_|_qd_[a-z0-9]{1,40}_(new|old)$/

/** Where all databases of a server are taken: is it a person's own, and not left out? */
export const isTaken = (name: string, except: readonly string[]): boolean =>
  !ownDatabase.test(name) && !except.includes(name)

/** What a spec that names no database stands for: each of these that is a person's own and not left out, as a spec of its own. */
export const eachDatabase = <S extends { readonly database: string; readonly except: readonly string[] }>(
  its: S,
  names: readonly string[],
): { key: string; spec: S }[] =>
  names
    .filter(name => isTaken(name, its.except))
    .map(database => ({ key: keyOfName(database), spec: { ...its, database, except: [] } }))
