// Takes a part of a backup once more where its kind knows another way; knows neither way.
import { AppError } from '../../shared/errors.ts'
import type { BackupSourceType } from '../backups/index.ts'

/** Rejects with the last failure, and with the first one where the other way found no room. */
export async function orOtherWay<T>(
  { hasOtherWay }: Pick<BackupSourceType, 'hasOtherWay'>,
  take: (otherWay: boolean) => Promise<T>,
): Promise<T> {
  try {
    return await take(false)
  } catch (caught) {
    const first = AppError.from(caught)
    if (!hasOtherWay?.(first)) throw caught
    try {
      return await take(true)
    } catch (again) {
      const second = AppError.from(again)
      if (second.code !== 'DISK_FULL') throw again
      throw new AppError(first.code, first.message, { hint: second.message, cause: second })
    }
  }
}
