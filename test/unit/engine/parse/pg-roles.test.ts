// What pg_dumpall writes of roles: statements told apart whatever is in quotes, and repeatable where a role is there already.
import { expect, test } from 'vitest'
import { readRoles } from '../../../../src/engine/parse/pg-roles.ts'

const dump = `--
-- PostgreSQL database cluster dump
--

\\restrict abc123

SET client_encoding = 'UTF8';

CREATE ROLE "odd; -- role";
ALTER ROLE "odd; -- role" WITH LOGIN PASSWORD 'se;cr''et -- no';
CREATE ROLE reader;
COMMENT ON ROLE reader IS 'one
CREATE ROLE x;
\\unrestrict no';
GRANT reader TO deploy GRANTED BY postgres;

\\unrestrict abc123

--
-- PostgreSQL database cluster dump complete
--
`

test('statements are told apart, and making a role that is there is no failure', () => {
  const { statements, roles, complete } = readRoles(dump)
  expect(roles).toEqual(['"odd; -- role"', 'reader'])
  expect(complete).toBe(true)
  expect(statements).toEqual([
    "SET client_encoding = 'UTF8';",
    'DO $quarterdeck$ BEGIN CREATE ROLE "odd; -- role"; EXCEPTION WHEN duplicate_object THEN NULL; END $quarterdeck$;',
    `ALTER ROLE "odd; -- role" WITH LOGIN PASSWORD 'se;cr''et -- no';`,
    'DO $quarterdeck$ BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object THEN NULL; END $quarterdeck$;',
    "COMMENT ON ROLE reader IS 'one\nCREATE ROLE x;\n\\unrestrict no';",
    'GRANT reader TO deploy GRANTED BY postgres;',
  ])
})

test('a role whose name would end the quoting stays text', () => {
  const [statement] = readRoles('CREATE ROLE "a$quarterdeck$b";').statements
  expect(statement).toContain('DO $quarterdeck2$ BEGIN CREATE ROLE "a$quarterdeck$b";')
})

test('S29 a dump without its last line is not complete', () => {
  expect(readRoles(dump.slice(0, dump.indexOf('dump complete'))).complete).toBe(false)
})
