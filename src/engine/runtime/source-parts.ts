// Asks sources that stand for several parts, such as all databases of a server, which ones there are now; knows no kind of source.
import { AppError, type ErrorCode } from '../../shared/errors.ts'
import type { Backup, SourceDraft } from '../../shared/model/backup.ts'
import { mostParts } from '../../shared/model/snapshot.ts'
import type { BackupSourceType } from '../backups/index.ts'
import { partKeyOf, sourceKeyOf } from '../domain/part-keys.ts'
import type { SourceAccess } from './source-access.ts'

/** Failures that lie with the part itself, and not with its host or link. */
const ofItsOwn = new Set<ErrorCode>(['ACCESS_DENIED', 'COMMAND_FAILED', 'BACKUP_BAD', 'UNSUPPORTED', 'TIMEOUT'])

/** A part as it is taken now: like a source, with the key of the part. */
export type PartDraft = SourceDraft

/** What is to be taken of a backup. Rejects where a source stands for nothing any more. */
export async function partsOf(
  access: SourceAccess,
  { id, hostId, sources }: Pick<Backup, 'id' | 'hostId' | 'sources'>,
  signal: AbortSignal,
): Promise<PartDraft[]> {
  const found: PartDraft[] = []
  for (const source of sources) {
    if (access.typeOf(source.type).expand === undefined) {
      found.push(source)
      continue
    }
    await access.use(source, { hostId, backupId: id, signal }, async ({ type, spec, context }) => {
      const several = (await type.expand?.(context, spec)) ?? null
      if (several === null) {
        found.push(source)
        return
      }
      if (several.length === 0)
        throw new AppError('NOT_FOUND', `${source.key}: there is nothing of ${type.label(spec)} to back up`)
      for (const { key, spec: its } of several) found.push({ ...source, key: partKeyOf(source.key, key), spec: its })
    })
  }
  if (found.length > mostParts)
    throw new AppError('OUTPUT_LIMIT', `These are ${found.length} parts, and a snapshot holds ${mostParts}`, {
      hint: 'Make several backups of them.',
    })
  return found
}

/** Why a part cannot be dumped. One of several, such as all databases of a server, holds up the others, so it says how to leave it out. */
export function dumpFailure(
  { leaveOut, label }: Pick<BackupSourceType, 'leaveOut' | 'label'>,
  { key, spec }: PartDraft,
  caught: unknown,
): AppError {
  const error = AppError.from(caught)
  if (leaveOut === undefined || sourceKeyOf(key) === key || !ofItsOwn.has(error.code)) return error
  const hint = `To back up the others, enter ${label(spec)} under “${leaveOut}”.`
  return new AppError(error.code, error.message, {
    ...{ detail: error.detail, cause: error },
    hint: error.hint === undefined ? hint : `${error.hint} ${hint}`,
  })
}
