// Makes the parser behave in an evaluated script as it does in the page itself, where the policy forbids code made from text. Import it first.
import { z } from 'zod'

z.config({ jitless: true })
