// Remembers that the first run is over, so that the next start need not wait for the engine to know which screen comes first. Knows no screen.

const rememberedAs = 'quarterdeck.firstRunDone'

/** What the engine said at the last start; false where it said nothing yet. A hint only: its own answer, when it comes, is what counts. */
export function firstRunWasDone(): boolean {
  return localStorage.getItem(rememberedAs) === 'true'
}

export function rememberFirstRun(done: boolean): void {
  if (done) localStorage.setItem(rememberedAs, 'true')
  else localStorage.removeItem(rememberedAs)
}
