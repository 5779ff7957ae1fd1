// Which paths may lie on a target: relative ones of plain names, that can never leave its folder; knows no target.
import { AppError } from '../../shared/errors.ts'

const name = /^[A-Za-z0-9][A-Za-z0-9._-]{0,250}$/
const mostDeep = 8

/** The path as it is, or INVALID_INPUT where it is not `[A-Za-z0-9._-]` and `/`. No name begins with a dot or a dash. */
export function targetPath(path: string): string {
  const names = path.split('/')
  if (names.length <= mostDeep && names.every(part => name.test(part) && !part.includes('..'))) return path
  throw new AppError('INVALID_INPUT', `Not a path on a target: ${JSON.stringify(path.slice(0, 200))}`)
}

/** A folder below which is looked: like a path, or empty for everything. */
export const targetPrefix = (prefix: string): string => (prefix === '' ? '' : targetPath(prefix.replace(/\/$/, '')))

/** What is being written to PATH until it is whole (semantics 29). */
export const partialOf = (path: string): string => `${targetPath(path)}.partial`

/** The folders above a path, deepest first: what may be empty once it is gone. */
export function foldersAbove(path: string): string[] {
  const names = path.split('/')
  return names.slice(1).map((_, at) => names.slice(0, names.length - 1 - at).join('/'))
}
