// What databases do alike, whatever their server is: one that was restored beside is swapped in, and a drill tells of a dump that is no good. Knows no SQL.
import { AppError } from '../../../shared/errors.ts'
import type { Evidence } from '../../../shared/model/unit.ts'
import type { SourceContext, Staging } from '../source.ts'

/** One that was restored beside, as its server has it. */
export interface StagedDatabase {
  /** Where the mark of this restore is, and stays. */
  settled(): Promise<{ readonly marked: 'present' | 'staged' | null }>
  swap(): Promise<string | null>
  swapBack(): Promise<void>
  discard(): Promise<void>
  dropOld(): Promise<void>
}

type Asked<S, T> = (context: SourceContext, spec: S, staging: Staging) => Promise<T>

/** The part of a source's contract that is about what was staged. */
export function stagedDatabase<S>(stagingOf: (context: SourceContext, spec: S, id: string) => StagedDatabase): {
  swap: Asked<S, { kept: string | null }>
  swapBack: Asked<S, void>
  stagedState: Asked<S, 'nothing' | 'staged' | 'swapped'>
  discard: Asked<S, void>
  dropOld: Asked<S, void>
} {
  return {
    swap: async (context, spec, { id }) => ({ kept: await stagingOf(context, spec, id).swap() }),
    swapBack: (context, spec, { id }) => stagingOf(context, spec, id).swapBack(),
    async stagedState(context, spec, { id }) {
      const { marked } = await stagingOf(context, spec, id).settled()
      return marked === 'present' ? 'swapped' : marked === 'staged' ? 'staged' : 'nothing'
    },
    discard: (context, spec, { id }) => stagingOf(context, spec, id).discard(),
    dropOld: (context, spec, { id }) => stagingOf(context, spec, id).dropOld(),
  }
}

/** That a dump cannot be restored is what a drill is there to find out; throws what tells nothing of the dump. */
export function unrestorable(caught: unknown): Evidence[] {
  const error = AppError.from(caught)
  if (!['BACKUP_BAD', 'COMMAND_FAILED', 'DISK_FULL', 'NOT_FOUND'].includes(error.code)) throw error
  return [{ ok: false, text: `The dump cannot be restored: ${error.message}` }]
}
