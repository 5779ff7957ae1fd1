// Names the parts of a snapshot by the sources that they come from: a source is one part, or several that are told apart behind a dot. Pure.

export const partKeyOf = (source: string, part: string): string => `${source}.${part}`

/** The source that a part comes from; no source's own key holds a dot. */
export const sourceKeyOf = (part: string): string => part.split('.', 1)[0] ?? part
