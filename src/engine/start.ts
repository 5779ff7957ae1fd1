// The engine's first lines: lets Node keep the compiled code for the next start, then loads the rest. Knows nothing of what that is.
import { codeCacheVariable } from '../shared/rpc/engine-link.ts'
import { keepCompiled } from './lib/code-cache.ts'

// Compiling all of it anew takes most of a start, and leaves the process grown by what the compiler needed meanwhile.
const folder = process.env[codeCacheVariable]
delete process.env[codeCacheVariable]
if (folder) keepCompiled(folder)

void import('./index.ts')
