// Reads the lines of an OpenSSH client configuration strictly, so that a mistake is named by its line; knows nothing of files or of resolving.
import { AppError } from '../../shared/errors.ts'
import { matchesPatternList } from './wildcard.ts'

export interface SshConfigLine {
  readonly line: number
  /** As OpenSSH spells it where it is known, else as it was written. */
  readonly keyword: string
  readonly words: readonly string[]
}

const keywords =
  `AddKeysToAgent AddressFamily BatchMode BindAddress BindInterface CanonicalDomains CanonicalizeFallbackLocal CanonicalizeHostname
CanonicalizeMaxDots CanonicalizePermittedCNAMEs CASignatureAlgorithms CertificateFile ChallengeResponseAuthentication ChannelTimeout
CheckHostIP Cipher Ciphers ClearAllForwardings Compression CompressionLevel ConnectionAttempts ConnectTimeout ControlMaster ControlPath
ControlPersist DSAAuthentication DynamicForward EnableEscapeCommandline EnableSSHKeysign EscapeChar ExitOnForwardFailure FallBackToRsh
FingerprintHash ForkAfterAuthentication ForwardAgent ForwardX11 ForwardX11Timeout ForwardX11Trusted GatewayPorts GlobalKnownHostsFile
GSSAPIAuthentication GSSAPIClientIdentity GSSAPIDelegateCredentials GSSAPIKeyExchange GSSAPIKexAlgorithms GSSAPIRenewalForcesRekey
GSSAPIServerIdentity GSSAPITrustDns HashKnownHosts Host HostbasedAcceptedAlgorithms HostbasedAuthentication HostbasedKeyTypes HostKeyAlgorithms HostKeyAlias
HostName IdentitiesOnly IdentityAgent IdentityFile IgnoreUnknown Include IPQoS KbdInteractiveAuthentication KbdInteractiveDevices KexAlgorithms
KnownHostsCommand LocalCommand LocalForward LogLevel LogVerbose MACs Match NoHostAuthenticationForLocalhost NumberOfPasswordPrompts
ObscureKeystrokeTiming PasswordAuthentication PermitLocalCommand PermitRemoteOpen PKCS11Provider Port PreferredAuthentications Protocol
ProxyCommand ProxyJump ProxyUseFdpass PubkeyAcceptedAlgorithms PubkeyAcceptedKeyTypes PubkeyAuthentication RefuseConnection RekeyLimit RemoteCommand
RemoteForward RequestTTY RequiredRSASize RevokedHostKeys RhostsRSAAuthentication RSAAuthentication SecurityKeyProvider SendEnv ServerAliveCountMax
ServerAliveInterval SessionType SetEnv SmartcardDevice StdinNull StreamLocalBindMask StreamLocalBindUnlink StrictHostKeyChecking
SyslogFacility Tag TCPKeepAlive Tunnel TunnelDevice UpdateHostKeys UseKeychain UsePrivilegedPort User UserKnownHostsFile UseRsh
VerifyHostKeyDNS VersionAddendum VisualHostKey WarnWeakCrypto XAuthLocation`.split(/\s+/)
const spelling = new Map(keywords.map(keyword => [keyword.toLowerCase(), keyword]))

/** All directives of a file. Throws CONFIG that names `file` and the line. */
export function parseSshConfig(text: string, file: string): SshConfigLine[] {
  const lines: SshConfigLine[] = []
  const ignoreUnknown: string[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1
    const mistake = (why: string): AppError =>
      new AppError('CONFIG', `${file}, line ${line}: ${why}`, {
        hint: `Correct the line; "ssh -G somehost" shows what OpenSSH thinks of the file.`,
        detail: { file, line },
      })
    const body = raw.trim()
    if (body === '' || body.startsWith('#')) continue
    if (body.includes('\0')) throw mistake('it holds a NUL character')
    const match = /^("?)([^\s="]+)\1(?:\s*=\s*|\s+|$)(.*)$/.exec(body)
    if (match?.[2] === undefined) throw mistake('a keyword was expected')
    const keyword = spelling.get(match[2].toLowerCase())
    const words = splitWords(match[3] ?? '')
    if (words === null) throw mistake('a quote is not closed')
    if (keyword === undefined) {
      if (matchesPatternList(ignoreUnknown, match[2])) continue
      throw mistake(`"${match[2].slice(0, 60)}" is not a keyword`)
    }
    const [first] = words
    if (first === undefined || first === '') throw mistake(`${keyword} needs a value`)
    if (keyword === 'Port' && !(/^\d+$/.test(first) && Number(first) >= 1 && Number(first) <= 65535)) {
      throw mistake(`"${first.slice(0, 60)}" is not a port`)
    }
    if (singles.has(keyword) && words.length > 1) throw mistake(`${keyword} takes one value`)
    if (keyword === 'IgnoreUnknown') ignoreUnknown.push(...first.split(','))
    lines.push({ line, keyword, words })
  }
  return lines
}

const singles = new Set(['Port', 'User', 'HostName', 'IdentityFile', 'ProxyJump'])

/** Words as OpenSSH splits them: quotes join, a backslash escapes a quote or itself, an unquoted # at a word's start ends the line. */
function splitWords(text: string): string[] | null {
  const words: string[] = []
  let word = ''
  let inWord = false
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const c = text[at] ?? ''
    const next = text[at + 1]
    if (c === '\\' && (next === '"' || next === "'" || next === '\\' || (quote === '' && next === ' '))) {
      word += next
      inWord = true
      at++
    } else if (quote !== '') {
      if (c === quote) quote = ''
      else word += c
    } else if (c === '"' || c === "'") {
      quote = c
      inWord = true
    } else if (c === ' ' || c === '\t') {
      if (inWord) words.push(word)
      word = ''
      inWord = false
    } else if (c === '#' && !inWord) break
    else {
      word += c
      inWord = true
    }
  }
  if (quote !== '') return null
  if (inWord) words.push(word)
  return words
}
