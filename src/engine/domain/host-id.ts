// Decides the id of a new host from its name; ids are forever, names may change.

/** A readable id that is not taken: `web-1`, `web-1-2` … */
export function newHostId(name: string, taken: readonly string[]): string {
  const base =
    name
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 48)
      .replace(/-+$/, '') || 'host'
  const reserved = new Set(['local', 'new', ...taken])
  if (!reserved.has(base)) return base
  for (let n = 2; ; n++) if (!reserved.has(`${base}-${n}`)) return `${base}-${n}`
}
