// Whether a host has room to write the tables of a Postgres database anew; knows what to ask and what it means, and asks nothing itself.
import { megabytes } from '../command-evidence.ts'

/** One disk of the host, with the path by which a person knows it. */
export interface PgDisk {
  readonly path: string
  readonly needs: number
  readonly free: number
}

const slack = 16 * 1024 * 1024

/**
 * `bytes TAB path`, a line each. VACUUM FULL does one table after the other, each with its indexes and what lies beside it, so a tablespace needs as
 * much again as its largest; the log takes the same once more, up to its limit. Who may not see where the data lies gets no line for it.
 */
export const roomQuestion = `SET lock_timeout = '60s';
WITH heap AS (
SELECT oid AS root, oid, reltablespace FROM pg_catalog.pg_class WHERE relkind IN ('r', 'm') AND relpersistence <> 't'
UNION ALL SELECT c.oid, t.oid, t.reltablespace FROM pg_catalog.pg_class c JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
), part AS (
SELECT * FROM heap UNION ALL SELECT heap.root, i.oid, i.reltablespace FROM heap
JOIN pg_catalog.pg_index x ON x.indrelid = heap.oid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
), one AS (
SELECT root, CASE part.reltablespace WHEN 0 THEN d.dattablespace ELSE part.reltablespace END AS place,
sum(pg_catalog.pg_relation_size(part.oid)) AS bytes
FROM part JOIN pg_catalog.pg_database d ON d.datname = current_database() GROUP BY 1, 2
), folder AS (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory')
SELECT max(bytes) || chr(9) || path FROM (SELECT bytes, coalesce(nullif(pg_catalog.pg_tablespace_location(place), ''),
(SELECT setting FROM folder)) AS path FROM one) each WHERE path IS NOT NULL GROUP BY path
UNION ALL SELECT least((SELECT max(bytes) FROM (SELECT sum(bytes) AS bytes FROM one GROUP BY root) whole),
(SELECT setting::bigint * CASE unit WHEN 'MB' THEN 1048576 ELSE 16777216 END FROM pg_catalog.pg_settings WHERE name = 'max_wal_size'))
|| chr(9) || setting || CASE WHEN current_setting('server_version_num')::int < 100000 THEN '/pg_xlog' ELSE '/pg_wal' END FROM folder;`

/** The argv is a psql that is asked so. `bytes TAB disk TAB free TAB path`; what cannot be seen on the host has no line. */
export const roomBody = String.raw`out=$("$@") || exit
printf '%s\n' "$out" | while IFS="$(printf '\t')" read -r bytes path; do
  case $path in */pg_wal | */pg_xlog) [ -e "$path" ] || path=$(dirname -- "$path");; esac
  disk=$(stat -c %d -- "$path" 2>/dev/null) || continue
  free=$(df -Pk -- "$path" 2>/dev/null | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')
  [ -z "$free" ] || printf '%s\t%s\t%s\t%s\n' "$bytes" "$disk" "$free" "$path"
done
exit 0`

/** What `roomBody` printed: each disk once. */
export function readRoom(text: string): PgDisk[] {
  const disks = new Map<string, PgDisk>()
  for (const line of text.split('\n')) {
    const [bytes, disk, free, path] = line.split('\t')
    if (disk === undefined || path === undefined || !/^\d+$/.test(`${bytes}${free}`)) continue
    const before = disks.get(disk) ?? { path, needs: slack, free: Number(free) }
    disks.set(disk, { ...before, needs: before.needs + Number(bytes) })
  }
  return [...disks.values()]
}

/** The disk that has the least to spare; undefined where none could be seen. */
export const tightest = (disks: readonly PgDisk[]): PgDisk | undefined =>
  [...disks].sort((a, b) => a.free - a.needs - (b.free - b.needs))[0]

export const isShort = ({ needs, free }: PgDisk): boolean => free < needs

export const roomText = ({ path, needs, free }: PgDisk): string =>
  `FULL needs ${megabytes(needs)} on the disk of ${path}, and ${megabytes(free)} are free`
