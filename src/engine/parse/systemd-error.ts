// Turns systemd's refusals, by D-Bus error name or by systemctl's words, into errors a person can act on; knows nothing of transports.
import type { ErrorShape } from '../../shared/errors.ts'
import type { UnitVerb } from '../../shared/model/unit.ts'

const maxText = 300

/** An act that was refused with a D-Bus error. */
export function actError(errorName: string, message: string, verb: UnitVerb, unit: string): ErrorShape {
  const text = message.slice(0, maxText)
  switch (errorName.slice(errorName.lastIndexOf('.') + 1)) {
    case 'AccessDenied':
    case 'InteractiveAuthorizationRequired':
      return accessDenied(verb, unit)
    case 'NoSuchUnit':
    case 'FileNotFound':
    case 'NoSuchUnitFile':
      return { code: 'NOT_FOUND', message: `There is no ${unit} on this host.` }
    case 'UnitMasked':
      return maskedError(unit)
    case 'LoadFailed':
    case 'BadUnitSetting':
    case 'UnitLoadFailed':
      return {
        code: 'CONFLICT',
        message: `${unit} has an error in its unit file: ${text}`,
        hint: `Check it on the host: systemd-analyze verify ${unit}`,
      }
    case 'JobTypeNotApplicable':
      return {
        code: 'UNSUPPORTED',
        message: `${unit} cannot be ${past(verb)}.`,
        hint: verb === 'reload' ? 'It has no ExecReload= in its unit file; restart it instead.' : undefined,
      }
    case 'OnlyByDependency':
      return {
        code: 'UNSUPPORTED',
        message: `${unit} cannot be ${past(verb)} by hand (its unit file says RefuseManualStart= or RefuseManualStop=).`,
      }
    case 'TransactionIsDestructive':
    case 'TransactionJobsConflicting':
    case 'TransactionOrderIsCyclic':
    case 'ShuttingDown':
      return { code: 'CONFLICT', message: `systemd cannot ${verb} ${unit} now: ${text}` }
    case 'FileExists':
    case 'UnitExists':
      return {
        code: 'CONFLICT',
        message: `systemd cannot ${verb} ${unit}: ${text}`,
        hint:
          verb === 'mask'
            ? 'Its unit file lies where the mask would have to be. Disable it and stop it instead, or move the file.'
            : undefined,
      }
    case 'Disconnected':
    case 'NoReply':
      return { code: 'TIMEOUT', message: `systemd did not answer: ${text}` }
    default:
      return {
        code: 'COMMAND_FAILED',
        message: `systemd refused to ${verb} ${unit}: ${text || errorName.slice(0, maxText)}`,
      }
  }
}

/** Who may not, what would be needed, as a sudoers line that allows exactly this. */
export function accessDenied(verb: UnitVerb, unit: string, user = 'USER'): ErrorShape {
  return {
    code: 'ACCESS_DENIED',
    message: `This user may not ${verb} ${unit}.`,
    hint:
      `It takes root: choose sudo in the host's settings where the user has it, or allow just this with a line for ` +
      `visudo: ${user} ALL=(root) NOPASSWD: /usr/bin/systemctl ${verb} ${sudoersWord(unit)}`,
  }
}

function maskedError(unit: string): ErrorShape {
  return { code: 'CONFLICT', message: `${unit} is masked, so nothing can start it.`, hint: 'Unmask it first.' }
}

/** What `systemctl enable` would say as well. */
export function notInstallable(name: string): ErrorShape {
  return {
    code: 'UNSUPPORTED',
    message: `${name} has no [Install] section, so there is nothing to enable.`,
    hint: 'It is started by something else: a timer, a socket, or another unit that wants it.',
  }
}

/** `systemctl enable` succeeds and says this where there was nothing to do. */
export function saysNotInstallable(stderr: string): boolean {
  return /no installation config/.test(stderr)
}

/** What `systemctl VERB UNIT` meant when it did not exit with 0. */
export function systemctlFailure(
  stderr: string,
  verb: UnitVerb,
  unit: string,
): { kind: 'job'; job: 'failed' | 'timeout' | 'canceled' | 'dependency' } | { kind: 'refused'; error: ErrorShape } {
  const text = stderr.slice(0, 4_096)
  const refused = (name: string): { kind: 'refused'; error: ErrorShape } => ({
    kind: 'refused',
    error: actError(name, firstLine(text), verb, unit),
  })
  if (/access denied|interactive authentication required|permission denied|not permitted/i.test(text))
    return refused('AccessDenied')
  if (/is masked/.test(text)) return refused('UnitMasked')
  if (/has a bad unit file setting|bad-setting|failed to load properly/.test(text)) return refused('BadUnitSetting')
  if (/Job type reload is not applicable/.test(text)) return refused('JobTypeNotApplicable')
  if (/may be requested by dependency only/.test(text)) return refused('OnlyByDependency')
  if (/A dependency job for .* failed/.test(text)) return { kind: 'job', job: 'dependency' }
  if (/^Job for .* canceled/m.test(text)) return { kind: 'job', job: 'canceled' }
  if (/because a timeout was exceeded/.test(text)) return { kind: 'job', job: 'timeout' }
  if (/^Job for .* failed/m.test(text)) return { kind: 'job', job: 'failed' }
  if (/already exists/.test(text)) return refused('FileExists')
  if (/not found|not loaded|does not exist|No such file/.test(text)) return refused('NoSuchUnit')
  return refused('Failed')
}

function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? ''
  return line.replace(/^Failed to [a-z -]+(?:unit|\S+\.service): /, '').slice(0, maxText)
}

function past(verb: UnitVerb): string {
  if (verb === 'stop') return 'stopped'
  return verb === 'reset-failed' ? 'reset' : verb === 'enable' || verb === 'disable' ? `${verb}d` : `${verb}ed`
}

/** In sudoers `:`, `\`, `,`, `=` and wildcards want a backslash. */
function sudoersWord(unit: string): string {
  return unit.replace(/[:\\,=*?[\]]/g, '\\$&')
}
