// `npm run boundaries`: prints each import that the house forbids; exits 1 when there is one.
import { checkBoundaries } from './boundaries/check.mjs'
import { root } from './lib/environment.mjs'

const { files, imports, violations } = checkBoundaries(root)
for (const { rule, from, line, to, because } of violations) {
  process.stdout.write(`${from}:${line}  ${rule}: imports ${to} (${because})\n`)
}
process.stdout.write(`${files} files, ${imports} imports, ${violations.length} forbidden\n`)
process.exitCode = violations.length > 0 ? 1 : 0
