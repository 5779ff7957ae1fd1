// The questions that a backup asks a PostgreSQL cluster, as SQL whose every line of answer is JSON; knows no connection.
import { identifier, literal } from '../../lib/postgres/pg-text.ts'

/** Ordinary tables of a person: no catalogues, nothing that an extension brings along. */
const ownTables = `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`

const mostTables = 5_000
/** Told to somebody who is not there any more, mostly. */
const cameTooLate = 'quarterdeck: this step came too late'

/** `["schema.table", rows]` for each table, counted. Each count is a statement of its own. */
export const countRows = `SELECT format('SELECT json_build_array(%L, count(*)) FROM ONLY %I.%I', n.nspname || '.' || c.relname, n.nspname, c.relname)
${ownTables} ORDER BY n.nspname, c.relname LIMIT ${mostTables} \\gexec`

/** `["a, b"]`: some of the tables that the role may not read; `[null]` where it may read all. */
export const hiddenTables = `SELECT json_build_array((SELECT string_agg(name, ', ') FROM (SELECT n.nspname || '.' || c.relname AS name
${ownTables} AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')) LIMIT 5) hidden));`

/** `["schema.table", hash]`: of columns, constraints and indexes. */
export const hashTables = `SELECT json_build_array(n.nspname || '.' || c.relname, md5(concat_ws(E'\\n',
 (SELECT string_agg(concat_ws(' ', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid)), ',' ORDER BY a.attnum)
  FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
 (SELECT string_agg(k.conname || ' ' || pg_catalog.pg_get_constraintdef(k.oid), ',' ORDER BY k.conname) FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid),
 (SELECT string_agg(pg_catalog.pg_get_indexdef(i.indexrelid), ',' ORDER BY pg_catalog.pg_get_indexdef(i.indexrelid)) FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid))))
${ownTables} ORDER BY n.nspname, c.relname LIMIT ${mostTables};`

/** What is broken in a database that was restored: `["index", name]`; nothing where all is sound. */
export const unsound = `SELECT json_build_array('index', i.indexrelid::regclass::text) FROM pg_catalog.pg_index i WHERE NOT i.indisvalid;`

/** Of the cluster: the number that it got when it was made, its version, and where its data lie (null for want of rights). */
export const clusterFacts = `SELECT json_build_object('system', (SELECT system_identifier::text FROM pg_catalog.pg_control_system()),
 'version', current_setting('server_version'), 'number', current_setting('server_version_num')::int,
 'superuser', (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user));`

/** Of one database, asked in any: null bytes where it is not there. */
export const databaseFacts = (name: string): string =>
  `SELECT json_build_object('bytes', (SELECT pg_catalog.pg_database_size(oid) FROM pg_catalog.pg_database WHERE datname = ${literal(name)}));`

/** Names, one a line: those that a person may connect to. */
export const allDatabases =
  'SELECT to_json(datname::text) FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname;'

/** Where the server keeps its data; needs rights. */
export const dataFolder = "SELECT to_json(current_setting('data_directory'));"

/** Of the database that is asked: bytes of its tables, which is about what a dump of them is. */
export const tableBytes = `SELECT json_build_object('tables', (SELECT coalesce(sum(pg_catalog.pg_table_size(c.oid)), 0) ${ownTables}));`

/** Wall ms of the last write to any file of the database; needs a superuser. */
export const lastWrite = (name: string): string =>
  `SELECT json_build_object('at', (SELECT (extract(epoch FROM max(s.modification)) * 1000)::bigint FROM pg_catalog.pg_database d,
 pg_catalog.pg_ls_dir('base/' || d.oid) f, pg_catalog.pg_stat_file('base/' || d.oid || '/' || f, true) s WHERE d.datname = ${literal(name)}));`

/** What CREATE DATABASE has to say so that the new one is like the one of that name; nothing where there is none. */
export const databaseLikeness = (name: string): string => `SELECT json_build_object('like', concat_ws(' ',
 'ENCODING ' || quote_literal(pg_catalog.pg_encoding_to_char(d.encoding)), 'LC_COLLATE ' || quote_literal(d.datcollate), 'LC_CTYPE ' || quote_literal(d.datctype),
 CASE to_jsonb(d) ->> 'datlocprovider' WHEN 'c' THEN 'LOCALE_PROVIDER libc'
  WHEN 'i' THEN 'LOCALE_PROVIDER icu ICU_LOCALE ' || quote_literal(coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'))
  WHEN 'b' THEN 'LOCALE_PROVIDER builtin BUILTIN_LOCALE ' || quote_literal(to_jsonb(d) ->> 'datlocale') END,
 'OWNER ' || quote_ident(pg_catalog.pg_get_userbyid(d.datdba)),
 'TABLESPACE ' || (SELECT quote_ident(t.spcname) FROM pg_catalog.pg_tablespace t WHERE t.oid = d.dattablespace AND t.spcname <> 'pg_default')))
FROM pg_catalog.pg_database d WHERE d.datname = ${literal(name)};`

/** `like` as it was answered; null where there is none to be like. */
export const makeDatabase = (name: string, like: string | null): string =>
  `CREATE DATABASE ${identifier(name)} TEMPLATE template0 ${like ?? "ENCODING 'UTF8'"};`

/**
 * Ends all sessions in these databases; `["ended", number]`. Not an autovacuum, which has no user: only a superuser may end it, and a rename and a drop
 * do so by themselves.
 */
export const endSessions = (names: readonly string[]): string =>
  `SELECT json_build_array('ended', count(pg_catalog.pg_terminate_backend(pid))) FROM pg_catalog.pg_stat_activity
WHERE datname IN (${names.map(literal).join(', ')}) AND usesysid IS NOT NULL AND pid <> pg_catalog.pg_backend_pid();`

/** The same for a database's number, which is its own whatever it is called. */
export const endSessionsOf = (number: string): string =>
  `SELECT json_build_array('ended', count(pg_catalog.pg_terminate_backend(pid))) FROM pg_catalog.pg_stat_activity
WHERE datid = ${Number(number)} AND usesysid IS NOT NULL AND pid <> pg_catalog.pg_backend_pid();`

/** As far as the role may end them: a step that waits for those who stay says so by itself. */
export const endSessionsAsMay = (names: readonly string[]): string =>
  `\\set ON_ERROR_STOP off\n${endSessions(names)}\n\\set ON_ERROR_STOP on`

/** Whoever is still in it is sent away first. */
export const dropDatabase = (name: string): string => `${endSessionsAsMay([name])}
DROP DATABASE IF EXISTS ${identifier(name)};`

/** Makes what CREATE DATABASE cannot take over from another database: settings, rights, comment, limit. */
export function likeInAll(from: string, to: string): string {
  const one = `FROM pg_catalog.pg_database d WHERE d.datname = ${literal(from)}`
  const lists = `'search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries', 'shared_preload_libraries', 'unix_socket_directories'`
  return `SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', ${literal(to)}, d.datconnlimit) ${one} \\gexec
SELECT format('%s SET %I TO %s', CASE WHEN s.setrole = 0 THEN format('ALTER DATABASE %I', ${literal(to)})
  ELSE format('ALTER ROLE %I IN DATABASE %I', pg_catalog.pg_get_userbyid(s.setrole), ${literal(to)}) END, split_part(c, '=', 1),
 CASE WHEN split_part(c, '=', 1) IN (${lists}) THEN substr(c, strpos(c, '=') + 1) ELSE quote_literal(substr(c, strpos(c, '=') + 1)) END)
FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) c
WHERE d.datname = ${literal(from)} AND c NOT LIKE 'quarterdeck.%' AND (s.setrole = 0 OR (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)) \\gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', ${literal(to)}) ${one} AND d.datacl IS NOT NULL \\gexec
SELECT format('GRANT %s ON DATABASE %I TO %s%s', a.privilege_type, ${literal(to)}, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
 CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a WHERE d.datname = ${literal(from)} \\gexec
SELECT format('COMMENT ON DATABASE %I IS %L', ${literal(to)}, pg_catalog.shobj_description(d.oid, 'pg_database')) ${one} AND pg_catalog.shobj_description(d.oid, 'pg_database') IS NOT NULL \\gexec`
}

/** Fails where the condition does not hold, and with it the transaction. Without plpgsql, which a cluster need not have. */
export const onlyIf = (condition: string): string =>
  `SELECT json_build_array(('0' || CASE WHEN ${condition} THEN '' ELSE ' ${cameTooLate}' END)::int);`
