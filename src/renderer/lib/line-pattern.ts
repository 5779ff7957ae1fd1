// Turns a line of a journal into a regular expression that finds its like again. Knows no screen and no check.

/** As much of a line as makes a pattern that a person can still read. */
const mostChars = 300

/** What was selected, word for word: `failed (500)` → `failed \(500\)`. */
export function patternOfText(text: string): string {
  return escaped(firstLine(text))
}

/** A whole line, with its numbers left open, because the next such line has others: `retry 3 of 5` → `retry \d+ of \d+`. */
export function patternOfLine(message: string): string {
  return escaped(firstLine(message)).replace(/\d+/g, '\\d+')
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split(/[\r\n]/)
  // Not within a pair of code units, which would be no text.
  return line
    .slice(0, mostChars)
    .replace(/[\ud800-\udbff]$/, '')
    .trim()
}

/** Every sign that means something in RE2, and nothing else. */
function escaped(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')
}
