// Reads lists of HTTP statuses such as `2xx, 301, 400-404`; knows no request.

const part = /^(?:([1-5])xx|([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?)$/i

/** What is wrong with a list; null where it is right. */
export function statusProblem(list: string): string | null {
  const wrong = list.split(',').find(one => !part.test(one.trim()))
  return wrong === undefined
    ? null
    : `"${wrong.trim()}" is no status: 200, 2xx and 200-204 are, with commas between them`
}

export function matchesStatus(list: string, status: number): boolean {
  return list.split(',').some(one => {
    const [, family, from, to] = part.exec(one.trim()) ?? []
    if (family !== undefined) return Math.floor(status / 100) === Number(family)
    return from !== undefined && status >= Number(from) && status <= Number(to ?? from)
  })
}
