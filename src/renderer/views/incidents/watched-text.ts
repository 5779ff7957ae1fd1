// What is watched, in a sentence, for where nothing is wrong. Pure.
import type { CheckView } from '../../../shared/model/check.ts'

/** `14 checks watch 3 hosts. 2 of them cannot tell at the moment.` */
export function watchedText(views: readonly CheckView[]): string {
  const enabled = views.filter(view => view.check.enabled)
  if (enabled.length === 0) return 'No check is switched on, so nothing would be noticed.'
  const hosts = new Set(enabled.map(view => view.check.hostId)).size
  const blind = enabled.filter(view => view.last === null || view.last.status === 'unknown').length
  const watching = `${count(enabled.length, 'check watches', 'checks watch')} ${count(hosts, 'host', 'hosts')}.`
  return blind === 0 ? watching : `${watching} ${blind} of them cannot tell at the moment.`
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`
}
