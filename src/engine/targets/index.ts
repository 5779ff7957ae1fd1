// All kinds of places for backups, one line each; a registry only lists them.
import { hostFolder } from './host-folder.ts'
import { localFolder } from './local-folder.ts'
import { s3 } from './s3.ts'
import type { TargetType } from './target.ts'

export type { TargetContext, TargetFile, TargetStore, TargetType, TargetWriter } from './target.ts'

/** In the order in which they are offered. The specs differ, so each is told as a kind of any spec. */
const all = [localFolder, hostFolder, s3]
export const targetTypes = all as unknown as readonly TargetType[]

const byType = new Map(targetTypes.map(type => [type.type, type]))

/** Undefined for a kind that this version does not have. */
export const targetTypeOf = (type: string): TargetType | undefined => byType.get(type)
