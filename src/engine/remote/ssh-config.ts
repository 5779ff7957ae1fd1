// The hosts of an OpenSSH client configuration, resolved for import; runs nothing that the file names, and knows nothing of how hosts are stored.
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import SSHConfig from 'ssh-config'
import { AppError } from '../../shared/errors.ts'
import type { SshConfigHost } from '../../shared/model/host.ts'
import { parseSshConfig } from '../parse/ssh-config.ts'
import { matchesWildcard } from '../parse/wildcard.ts'
import { expandHome } from './credentials.ts'

const largestFile = 1024 * 1024
const deepestInclude = 16
const mostFiles = 128

/** The hosts that `path` names, in its order; empty where there is no such file. Throws CONFIG with file and line. */
export function readSshConfig(path: string): SshConfigHost[] {
  const flat: Flat = { lines: [], aliases: [], matches: false, files: 0 }
  flatten(path, flat, [], true, 'Host *', dirname(path))
  const config = SSHConfig.parse(flat.lines.join('\n'))
  return flat.aliases.map(alias => resolve(config, alias, flat.matches))
}

interface Flat {
  /** What the package gets: one file's worth, without Include, Match and whatever would run a program. */
  readonly lines: string[]
  readonly aliases: string[]
  matches: boolean
  files: number
}

/** ssh-config runs nslookup for these, and `ssh` a program for a Match. */
const neverPassedOn = new Set(['CanonicalizeHostname', 'CanonicalDomains', 'Match'])

function flatten(
  path: string,
  flat: Flat,
  within: readonly string[],
  required: boolean,
  outer: string,
  folder: string,
): void {
  const text = readConfigFile(path, required)
  if (text === null) return
  const real = realpathSync(path)
  const depth = within.length
  if (within.includes(real) || depth > deepestInclude || ++flat.files > mostFiles) {
    throw new AppError('CONFIG', `${path} is included in a circle or too deeply`, {
      hint: 'Simplify the Include lines.',
    })
  }
  let section = outer
  let inMatch = false
  flat.lines.push(section)
  for (const { line, keyword, words } of parseSshConfig(text, path)) {
    if (keyword === 'Host') {
      inMatch = false
      section = `Host ${words.map(quote).join(' ')}`
      flat.lines.push(section)
      for (const word of words) {
        if (!/[*?!]/.test(word) && !flat.aliases.includes(word)) flat.aliases.push(word)
      }
    } else if (keyword === 'Match') {
      inMatch = true
      flat.matches = true
    } else if (inMatch || neverPassedOn.has(keyword)) {
      // Match blocks and canonical names depend on programs and the network; the import leaves them out and says so.
      flat.matches ||= inMatch
    } else if (keyword === 'Include') {
      for (const pattern of words) {
        for (const file of expandInclude(pattern, path, line, folder))
          flatten(file, flat, [...within, real], false, section, folder)
      }
      flat.lines.push(section)
    } else flat.lines.push(`${keyword} ${words.map(quote).join(' ')}`)
  }
}

function readConfigFile(path: string, top: boolean): string | null {
  try {
    const { size } = statSync(path)
    if (size > largestFile) throw new AppError('CONFIG', `${path} is too large for an SSH configuration`)
    return readFileSync(path, 'utf8')
  } catch (caught) {
    if (caught instanceof AppError) throw caught
    const code = (caught as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || !top) return null
    throw new AppError('CONFIG', `${path} cannot be read (${code})`, { hint: 'Check its owner and mode.' })
  }
}

/** The files that an Include names; like OpenSSH, what does not exist is passed over. */
function expandInclude(pattern: string, from: string, line: number, folder: string): string[] {
  const home = expandHome(pattern)
  const path = isAbsolute(home) ? home : join(folder, home)
  if (/[*?[]/.test(dirname(path))) {
    throw new AppError('CONFIG', `${from}, line ${line}: wildcards in folders of an Include are not supported`, {
      hint: 'Name the folder itself, for example: Include ~/.ssh/config.d/*',
      detail: { file: from, line },
    })
  }
  const name = basename(path)
  if (!/[*?[]/.test(name)) return [path]
  try {
    return readdirSync(dirname(path))
      .filter(entry => (!entry.startsWith('.') || name.startsWith('.')) && matchesWildcard(name, entry))
      .sort()
      .map(entry => join(dirname(path), entry))
      .filter(file => statSync(file).isFile())
  } catch {
    return []
  }
}

function quote(word: string): string {
  return /[\s"'#=\\]/.test(word) || word === '' ? `"${word.replaceAll('"', '\\"')}"` : word
}

const honoured = new Set(['host', 'hostname', 'port', 'user', 'identityfile', 'proxyjump'])
/** Not honoured either, but nobody would miss them here. */
const harmless = new Set([
  'addkeystoagent',
  'compression',
  'connecttimeout',
  'connectionattempts',
  'controlmaster',
  'controlpath',
  'controlpersist',
  'escapechar',
  'hashknownhosts',
  'identitiesonly',
  'ignoreunknown',
  'loglevel',
  'requesttty',
  'sendenv',
  'serveralivecountmax',
  'serveraliveinterval',
  'setenv',
  'tcpkeepalive',
  'updatehostkeys',
  'usekeychain',
  'visualhostkey',
])

function resolve(config: SSHConfig, alias: string, matches: boolean): SshConfigHost {
  const found = config.compute(alias, { ignoreCase: true, matchExec: false })
  const first = (name: string): string | null => {
    const value = found[name]
    return (Array.isArray(value) ? value[0] : value) ?? null
  }
  const port = Number(first('port') ?? 22)
  const user = first('user')
  const address = (first('hostname') ?? alias).replaceAll('%h', alias).replaceAll('%n', alias).replaceAll('%%', '%')
  const tokens: Record<string, string> = {
    '%': '%',
    d: homedir(),
    h: address,
    n: alias,
    p: String(port),
    r: user ?? localUser(),
    u: localUser(),
  }
  const expand = (text: string): string => text.replace(/%(.)/g, (all, token: string) => tokens[token] ?? all)
  const identity = first('identityfile')
  const jump = first('proxyjump')
  const names = Object.keys(found).filter(name => !honoured.has(name) && !harmless.has(name))
  return {
    alias,
    address,
    port,
    user: user === null ? null : expand(user),
    identityFile: identity === null || identity.toLowerCase() === 'none' ? null : expandHome(expand(identity)),
    proxyJump: jump === null || jump.toLowerCase() === 'none' ? [] : jump.split(',').map(hop => expand(hop.trim())),
    ignored: matches ? [...names, 'match'] : names,
  }
}

function localUser(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}
