// The difference of two short texts in the form that diff -u prints. Pure.

const context = 3
/** Beyond this a text is no configuration file, and comparing it line by line would take too long. */
const mostLines = 2_000

/** Null stands for no file. Empty where both are the same. */
export function unifiedDiff(before: string | null, after: string | null, path: string): string {
  if (before === after) return ''
  const a = linesOf(before)
  const b = linesOf(after)
  const head = [`--- ${before === null ? '/dev/null' : path}`, `+++ ${after === null ? '/dev/null' : path}`]
  const edits = a.length > mostLines || b.length > mostLines ? replaced(a, b) : compared(a, b)
  return `${[...head, ...hunks(edits)].join('\n')}\n`
}

interface Edit {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

function linesOf(text: string | null): string[] {
  if (text === null || text === '') return []
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function replaced(a: readonly string[], b: readonly string[]): Edit[] {
  return [...a.map(text => ({ sign: '-' as const, text })), ...b.map(text => ({ sign: '+' as const, text }))]
}

/** By the longest common subsequence. */
function compared(a: readonly string[], b: readonly string[]): Edit[] {
  const width = b.length + 1
  const common = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] =
        a[i] === b[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0)
  const edits: Edit[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const down = common[(i + 1) * width + j] ?? 0
    const right = common[i * width + j + 1] ?? 0
    if (i < a.length && j < b.length && a[i] === b[j]) {
      edits.push({ sign: ' ', text: a[i] ?? '' })
      i++
      j++
    } else if (i < a.length && (j >= b.length || down >= right)) edits.push({ sign: '-', text: a[i++] ?? '' })
    else edits.push({ sign: '+', text: b[j++] ?? '' })
  }
  return edits
}

function hunks(edits: readonly Edit[]): string[] {
  const lines: string[] = []
  let [from, to] = [1, 1]
  for (let at = 0; at < edits.length; ) {
    const next = edits.findIndex((edit, index) => index >= at && edit.sign !== ' ')
    if (next < 0) break
    const start = Math.max(at, next - context)
    let end = next
    for (let index = next; index < edits.length && index - end <= 2 * context; index++)
      if (edits[index]?.sign !== ' ') end = index
    const stop = Math.min(edits.length, end + 1 + context)
    from += start - at
    to += start - at
    const part = edits.slice(start, stop)
    const removed = part.filter(edit => edit.sign !== '+').length
    const added = part.filter(edit => edit.sign !== '-').length
    lines.push(`@@ -${rangeOf(from, removed)} +${rangeOf(to, added)} @@`)
    lines.push(...part.map(({ sign, text }) => sign + text))
    from += removed
    to += added
    at = stop
  }
  return lines
}

function rangeOf(start: number, count: number): string {
  if (count === 0) return `${start - 1},0`
  return count === 1 ? `${start}` : `${start},${count}`
}
