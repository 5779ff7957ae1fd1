// What is watched, in a sentence, for where no incident is open. Pure.
import type { CheckView } from '../../../shared/model/check.ts'

export interface WatchedWords {
  readonly title: string
  /** `14 checks watch 3 hosts. 2 of them cannot tell at the moment.` */
  readonly text: string
}

/** Says that nothing is wrong only where all can tell, and none has found anything. */
export function watchedWords(views: readonly CheckView[]): WatchedWords {
  const enabled = views.filter(view => view.check.enabled)
  if (enabled.length === 0) {
    return { title: 'No incident is open', text: 'No check is switched on, so nothing would be noticed.' }
  }
  const hosts = new Set(enabled.map(view => view.check.hostId)).size
  const blind = enabled.filter(view => view.last === null || view.last.status === 'unknown').length
  const odd = enabled.filter(({ last }) => last?.status === 'unhealthy' || last?.status === 'degraded').length
  const parts = [
    `${count(enabled.length, 'check watches', 'checks watch')} ${count(hosts, 'host', 'hosts')}.`,
    blind > 0 ? `${blind} of them cannot tell at the moment.` : '',
    odd > 0 ? `${odd} of them found something that is no incident, or not yet one.` : '',
  ]
  return {
    title: blind + odd === 0 ? 'Nothing is wrong' : 'No incident is open',
    text: parts.filter(Boolean).join(' '),
  }
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`
}
