// All that the checks and the runtime may use of the cookies folder; knows no login and no schedule.
export type { Cookie, Jar } from '../../shared/cookie.ts'
export { detectFormat } from '../parse/cookies-detect.ts'
export { readJar, unfit, writeJar } from '../parse/cookies-jar.ts'
