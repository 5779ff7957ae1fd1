// All that the checks and the runtime may use of the cookies folder; knows no login and no schedule.
export type { Cookie, Jar } from '../../shared/cookie.ts'
export { detectFormat } from '../parse/cookies-detect.ts'
export { readJar, unfit, writeJar } from '../parse/cookies-jar.ts'
export {
  isBareToken,
  type LoginLook,
  type LookSpec,
  type LookWays,
  loginFileOf,
  lookAtLogin,
  readSecrets,
  textOfFile,
} from './look.ts'
export { type ProofRequest, proveLogin } from './prove.ts'
export {
  type FileProblem,
  inspectFile,
  type RemoteFileFacts,
  restoreBackup,
  settle,
  type WriteResult,
  type WriteStep,
  writeFile,
} from './remote-file.ts'
