// How lists are filtered by text; knows no list.

/** Every word of the text has to be somewhere in what is said. */
export function saysAll(said: readonly (string | null | undefined)[], text: string): boolean {
  const all = said.filter(Boolean).join(' ').toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every(word => all.includes(word))
}
