// COPY text as CSV: every escape, every odd name, in pieces of any size.
import { expect, test } from 'vitest'
import { CopyRows, CopyToCsv, copyColumns, copyRowToCsv } from '../../../../src/engine/parse/pg-copy.ts'

test('the columns of a COPY statement are called as they are called', () => {
  expect(copyColumns('COPY public.orders (id, "a,b", "say ""hi"" (x)", n) FROM stdin;\n')).toEqual([
    ...['id', 'a,b', 'say "hi" (x)', 'n'],
  ])
  expect(copyColumns('COPY "we (ird) ""x"" ".t (n) FROM stdin;\n')).toEqual(['n'])
})

test.each([
  ['1\ttwo\t3', '1,two,3\r\n'],
  ['\\N\t\t\\\\N', ',"",\\N\r\n'],
  ['a\\tb\\nc\\\\d\\be', '"a\tb\nc\\d\be"\r\n'],
  ['say "hi", you', '"say ""hi"", you"\r\n'],
  ['\\x41\\101', 'AA\r\n'],
])('%j is %j', (row, csv) => expect(copyRowToCsv(row)).toBe(csv))

test('rows are turned and counted whatever the pieces are, and end at their mark', () => {
  const bytes = new TextEncoder().encode('1\tä\n2\t\\\\.\n\\.\n\n\n')
  for (let size = 1; size <= bytes.length; size++) {
    const csv = new CopyToCsv()
    const count = new CopyRows()
    let text = ''
    for (let at = 0; at < bytes.length; at += size) {
      text += csv.push(bytes.subarray(at, at + size))
      count.push(bytes.subarray(at, at + size))
    }
    expect(text).toBe('1,ä\r\n2,\\.\r\n')
    expect(count.rows).toBe(2)
  }
  const cut = new CopyRows()
  cut.push(bytes.subarray(0, 8))
  expect(cut.rows).toBeNull()
})
