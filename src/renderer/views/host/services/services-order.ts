// What the list of services shows and in which order (R8): failed, restarting, pinned, A–Z. Pure; draws nothing.
import type { UnitUse } from '../../../../shared/model/metric.ts'
import type { Unit } from '../../../../shared/model/unit.ts'
import { unitKey } from '../../../lib/unit-keys.ts'

export const facets = ['all', 'failed', 'active', 'inactive'] as const
export type Facet = (typeof facets)[number]

export interface ServicesFilter {
  readonly text: string
  readonly facet: Facet
  /** '' is both managers. */
  readonly scope: '' | 'system' | 'user'
}

export function readFacet(text: string): Facet {
  return facets.find(facet => facet === text) ?? 'all'
}

function isRestarting(unit: Pick<Unit, 'subState'>): boolean {
  return unit.subState === 'auto-restart' || unit.subState === 'auto-restart-queued'
}

function rank(unit: Unit): number {
  if (unit.activeState === 'failed') return 0
  if (isRestarting(unit)) return 1
  return unit.pinned ? 2 : 3
}

/** For Array.sort. Plain code unit order is the same everywhere and quick for thousands. */
function compareServices(a: Unit, b: Unit): number {
  return rank(a) - rank(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : a.scope < b.scope ? -1 : 1)
}

function inFacet(unit: Unit, facet: Facet): boolean {
  switch (facet) {
    case 'all':
      return true
    case 'failed':
      return unit.activeState === 'failed' || isRestarting(unit)
    case 'active':
      return unit.activeState !== 'inactive' && unit.activeState !== 'failed' && !isRestarting(unit)
    case 'inactive':
      return unit.activeState === 'inactive'
  }
}

/** Every word has to occur in the name or the description. */
export function matches(unit: Pick<Unit, 'name' | 'description'>, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const text = `${unit.name} ${unit.description}`.toLowerCase()
  return words.every(word => text.includes(word))
}

export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean)
}

/** The rows to show, and how many there are in each facet under the same text and scope. */
export function arrange(
  units: readonly Unit[],
  filter: ServicesFilter,
): { rows: Unit[]; counts: Record<Facet, number> } {
  const words = wordsOf(filter.text)
  const counts: Record<Facet, number> = { all: 0, failed: 0, active: 0, inactive: 0 }
  const rows: Unit[] = []
  for (const unit of units) {
    if (filter.scope !== '' && unit.scope !== filter.scope) continue
    if (!matches(unit, words)) continue
    for (const facet of facets) if (inFacet(unit, facet)) counts[facet]++
    if (inFacet(unit, filter.facet)) rows.push(unit)
  }
  return { rows: rows.sort(compareServices), counts }
}

/** What a unit uses. One without a process uses nothing, which is not the same as a measured 0 bytes. */
export function memoryOf(unit: Pick<Unit, 'memoryBytes'>, use: UnitUse | undefined): number | null {
  if (use) return use.processes === 0 ? null : use.memoryBytes
  return unit.memoryBytes
}
export function cpuOf(unit: Pick<Unit, 'cpuPercent'>, use: UnitUse | undefined): number | null {
  if (use) return use.processes === 0 ? null : use.cpuPercent
  return unit.cpuPercent
}

/** The numbers of the newest sample by unit, for cells that follow it. */
export function usesByUnit(uses: readonly UnitUse[]): ReadonlyMap<string, UnitUse> {
  return new Map(uses.map(use => [unitKey(use), use]))
}
