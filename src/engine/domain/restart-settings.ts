// How systemd itself restarts a unit, read from what `systemctl show` prints (semantics 21). Pure.

export interface RestartSettings {
  /** Restart= in systemd's word. */
  readonly restart: string
  readonly restartSeconds: number | null
  readonly startLimitBurst: number | null
  readonly startLimitIntervalSeconds: number | null
  readonly dropIns: readonly string[]
  readonly needsReload: boolean
}

/** What to ask `systemctl show -p` for. */
export const restartProperties = [
  'Restart',
  'RestartUSec',
  'StartLimitBurst',
  'StartLimitIntervalUSec',
  'DropInPaths',
  'NeedDaemonReload',
] as const

/** Null where it is no answer about a service. */
export function readRestartSettings(text: string): RestartSettings | null {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=')
    if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1))
  }
  const restart = values.get('Restart')
  if (!restart) return null
  const burst = Number(values.get('StartLimitBurst'))
  return {
    restart: restart.slice(0, 32),
    restartSeconds: seconds(values.get('RestartUSec')),
    startLimitBurst: Number.isSafeInteger(burst) && burst > 0 ? burst : null,
    startLimitIntervalSeconds: seconds(values.get('StartLimitIntervalUSec')),
    dropIns: (values.get('DropInPaths') ?? '').split(' ').filter(path => path !== ''),
    needsReload: values.get('NeedDaemonReload') === 'yes',
  }
}

const units: Readonly<Record<string, number>> = {
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  min: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  month: 2_629_800,
  y: 31_557_600,
}

/** "1min 30s" as systemctl prints time spans; null for infinity and for what is none. */
function seconds(text: string | undefined): number | null {
  if (text === undefined || text === '') return null
  if (text === '0') return 0
  let sum = 0
  for (const part of text.split(' ')) {
    const match = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(part)
    const unit = units[match?.[2] ?? '']
    if (!match || unit === undefined) return null
    sum += Number(match[1]) * unit
  }
  return Math.round(sum * 1_000) / 1_000
}
