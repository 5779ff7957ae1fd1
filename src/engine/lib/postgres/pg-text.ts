// How names and text are written in SQL and in connection strings, in one place; knows no query.

/** Text as an SQL literal; standard_conforming_strings is on since 9.1. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** What the programs take as `-d`: a bare name with `=` in it would be read as a connection string. */
export const databaseArgument = (name: string): string =>
  `dbname='${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
