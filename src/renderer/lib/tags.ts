// Tags as they are typed in one line; knows nothing of what is tagged.

/** Keeps a comma that was just typed: `a, ` is the tag `a` and the beginning of another. */
export function tagsOf(text: string): string[] {
  const parts = text.split(',').map(part => part.trimStart())
  return parts.filter((part, index) => part !== '' || (index === parts.length - 1 && parts.length > 1))
}
