// Names the parts of a snapshot by the sources that they come from: a source is one part, or several that are told apart behind a dot. Pure.

export const partKeyOf = (source: string, part: string): string => `${source}.${part}`

/** The source that a part comes from; no source's own key holds a dot. */
export const sourceKeyOf = (part: string): string => part.split('.', 1)[0] ?? part

/** Is a source asked for, by its own key or by that of one of its parts? None asked for is all. */
export const asksForSource = (asked: readonly string[], source: string): boolean =>
  asked.length === 0 || asked.some(key => sourceKeyOf(key) === source)

/** The same for a part, which its source's key asks for as well. */
export const asksForPart = (asked: readonly string[], part: string): boolean =>
  asked.length === 0 || asked.includes(part) || asked.includes(sourceKeyOf(part))
