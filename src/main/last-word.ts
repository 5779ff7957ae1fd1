// Asks a person who quits while something on a host is half done: wait for it, quit all the same, or stay. Knows neither engine nor window.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Unfinished } from '../shared/model/settings.ts'

export const answers = ['wait', 'quit', 'stay'] as const
export type Answer = (typeof answers)[number]

export interface Question {
  readonly message: string
  readonly detail: string
  /** In the order of `answers`; the first is the one that Enter takes. */
  readonly buttons: string[]
}

export interface LastWordOptions {
  /** Never rejects: what cannot be known keeps nobody from quitting. */
  readonly unfinished: () => Promise<readonly Unfinished[]>
  readonly ask: (question: Question) => Promise<Answer>
  readonly everyMs?: number
}

/** Resolves with true once the app may end, with false where a person stays or was asked again meanwhile. */
export function createLastWord({ unfinished, ask, everyMs = 500 }: LastWordOptions): () => Promise<boolean> {
  let asking = false
  let turn = 0
  return async () => {
    if (asking) return false
    asking = true
    const mine = ++turn
    try {
      const all = await unfinished()
      if (all.length === 0) return true
      const answer = await ask(questionOf(all))
      if (answer !== 'wait') return answer === 'quit'
    } finally {
      asking = false
    }
    // whoever quits once more is asked once more, and that answer counts
    while (mine === turn) {
      await sleep(everyMs)
      if (mine === turn && (await unfinished()).length === 0) return mine === turn
    }
    return false
  }
}

export function questionOf(all: readonly Unfinished[]): Question {
  const texts = all.map(({ what, hostName }) => `${what.charAt(0).toUpperCase()}${what.slice(1)} on ${hostName}`)
  const units = [...new Set(all.flatMap(one => one.units))]
  const [it, its] = all.length === 1 ? ['it is', 'it'] : ['they are', 'them']
  const down = units.length === 0 ? '' : `${units.join(', ')} ${units.length === 1 ? 'is' : 'are'} stopped meanwhile. `
  return {
    message: all.length === 1 ? `${texts[0]} is under way` : `${all.length} things are under way:\n${texts.join('\n')}`,
    detail: `${down}If you quit now, ${it} undone, finished or broken off as far as half a minute allows, and what was stopped for ${its} is started again. What takes longer is settled at the next start; until then a service may stay stopped.`,
    buttons: ['Wait, then quit', 'Quit now', 'Cancel'],
  }
}
