// A process that boots one host and then ends in the way its argument says; cleanup.test.ts looks at what it leaves.

import { bootHost } from '../lib/index.ts'

const how = process.argv[2]
const host = await bootHost({ hostKeys: 'image' })
process.stdout.write(`${JSON.stringify({ pid: process.pid, slot: host.slot.number })}\n`)
if (how === 'throw') setTimeout(() => Promise.reject(new Error('a bug')), 10)
else if (how === 'exit') process.exit(3)
else setInterval(() => {}, 1000)
