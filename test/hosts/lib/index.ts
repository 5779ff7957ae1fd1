// The one entrance to the test hosts; everything else in this folder is private to it.

export type { SshAgent } from './agent.ts'
export { type AuthAttempt, type AuthLog, parseAuthLog } from './auth-log.ts'
export { type BootOptions, bootHost, bootJumpPair, type JumpPair } from './boot.ts'
export { type Bot, type BotHealth, type BotName, type BotOptions, botNames } from './bots.ts'
export { type CookieTimes, cookieFiles } from './cookie-files.ts'
export {
  type KeyFiles,
  type KeyName,
  type Passwords,
  passwords,
  rsaPassphrase,
  type UserName,
  userIds,
  userNames,
} from './credentials.ts'
export type { Direction, Flood, Load } from './faults.ts'
export type { ExecOptions } from './guest.ts'
export type { HostKey, TestHost } from './host.ts'
export { type Suite, suites } from './recipe.ts'
export { ensureAllRootfs, ensureRootfs } from './rootfs.ts'
export { type RunOptions, type RunResult, run } from './run.ts'
export { type SshOptions, sshArgs } from './ssh.ts'
export { type Swift, startSwift } from './swift.ts'
export { createTcpProxy, type TcpProxy, type TcpProxyOptions, type TcpProxyStats } from './tcp-proxy.ts'
