// Reads and says lengths of time as people write them: 500ms, 5m, 14d; knows no clock.

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** ms, or null where the text is no length of time with a unit. Several parts may follow each other: 1h30m. */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|min|[smhdw]))+$/.test(text) || text.length > 40) return null
  let total = 0
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|min|[smhdw])/g))
    total += Number(amount) * (units[unit] ?? 0)
  return total
}

/** `812 ms`, `4.2 s`, `12 min`, `3.5 h`, `13 d`. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${rounded(ms / 1_000)} s`
  if (ms < 7_200_000) return `${rounded(ms / 60_000)} min`
  if (ms < 172_800_000) return `${rounded(ms / 3_600_000)} h`
  return `${rounded(ms / 86_400_000)} d`
}

/** Three figures are enough to read; whole where it is large. */
export function rounded(value: number): string {
  return String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
}
