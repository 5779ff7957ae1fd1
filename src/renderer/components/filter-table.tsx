// A list with one filter above it: what is typed and how it is sorted lie in the address, so that going back finds both. Knows no list.
import { SearchX } from 'lucide-react'
import type { ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { Button } from './button.tsx'
import { type Column, DataTable, readSort, writeSort } from './data-table.tsx'
import { EmptyState } from './faces.tsx'
import { FilterBar } from './filter-bar.tsx'
import { FilterInput, useRouteValue } from './filter-input.tsx'

export function FilterTable<T>(props: {
  readonly label: string
  /** One of them, in the words of a sentence: `backup`. */
  readonly noun: string
  readonly rows: readonly T[]
  readonly matches: (row: T, text: string) => boolean
  readonly rowKey: (row: T) => string
  readonly columns: readonly Column<T>[]
  readonly pathOf: (row: T) => string
}): ReactNode {
  const { label, noun, rows, matches, rowKey, columns, pathOf } = props
  const navigate = useNavigate()
  const [text, setText] = useRouteValue('q')
  const [sort, setSort] = useRouteValue('sort')
  return (
    <>
      <FilterBar>
        <FilterInput label={`Filter ${noun}s`} value={text} onChange={value => setText(value)} />
      </FilterBar>
      <DataTable<T>
        label={label}
        rows={text ? rows.filter(row => matches(row, text)) : rows}
        rowKey={rowKey}
        rowRem={3.25}
        columns={columns}
        sort={readSort(sort)}
        onSort={next => setSort(writeSort(next), { push: true })}
        onOpen={row => void navigate(pathOf(row))}
        empty={
          <EmptyState icon={SearchX} title={`No ${noun} matches the filter`}>
            <Button onClick={() => setText('')}>{`Show all ${noun}s`}</Button>
          </EmptyState>
        }
      />
    </>
  )
}
