// What pg_dumpall writes of roles, as statements that can be run where some of the roles are there already; knows no server.

export interface RoleScript {
  /** In order; making a role that is there is no failure. */
  readonly statements: readonly string[]
  /** Names as they are written in SQL. */
  readonly roles: readonly string[]
  /** Was it written to its end? */
  readonly complete: boolean
}

export function readRoles(text: string): RoleScript {
  const roles: string[] = []
  const statements = splitStatements(text).map(statement => {
    const [, name] = /^CREATE ROLE (.+)$/s.exec(statement) ?? []
    if (name === undefined) return `${statement};`
    roles.push(name)
    const tag = ['$quarterdeck$', '$quarterdeck2$'].find(one => !name.includes(one)) ?? '$quarterdeck3$'
    return `DO ${tag} BEGIN ${statement}; EXCEPTION WHEN duplicate_object THEN NULL; END ${tag};`
  })
  return { statements, roles, complete: /^-- PostgreSQL database cluster dump complete$/m.test(text) }
}

/** Without comments and psql's own commands; semicolons and dashes inside of quotes are text. */
function splitStatements(text: string): string[] {
  const statements: string[] = []
  let now = ''
  let at = 0
  while (at < text.length) {
    const letter = text[at] ?? ''
    if (letter === "'" || letter === '"') {
      let end = text.indexOf(letter, at + 1)
      if (end < 0) end = text.length
      now += text.slice(at, end + 1)
      at = end + 1
    } else if (text.startsWith('--', at) || (letter === '\\' && now.trim() === '')) {
      const end = text.indexOf('\n', at)
      at = end < 0 ? text.length : end
    } else if (letter === ';') {
      if (now.trim() !== '') statements.push(now.trim())
      now = ''
      at++
    } else {
      now += letter
      at++
    }
  }
  return statements
}
