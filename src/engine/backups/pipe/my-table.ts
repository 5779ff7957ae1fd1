// One table of a dump as a stream of CSV; knows no host.
import { Readable } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'
import { MyTableToCsv } from '../../parse/my-rows.ts'

/** The stream fails with NOT_FOUND where there is no such table. */
export function tableAsCsv(dump: Readable, table: string): Readable {
  async function* lines(): AsyncGenerator<Buffer> {
    const csv = new MyTableToCsv(table)
    try {
      for await (const chunk of dump) {
        const text = csv.push((chunk as Buffer).toString('latin1'))
        if (text !== '') yield Buffer.from(text, 'latin1')
      }
    } finally {
      dump.destroy()
    }
    if (!csv.found) throw new AppError('NOT_FOUND', `There is no table ${table} in this dump`)
    yield Buffer.from(csv.end(), 'latin1')
  }
  return Readable.from(lines(), { objectMode: false })
}
