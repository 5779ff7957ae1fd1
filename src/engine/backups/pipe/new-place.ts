// A folder or file of the host that is filled under a name of its own and has the wanted one only when it is whole, as a restore to another place needs it; knows no source.
import { AppError } from '../../../shared/errors.ts'
import { quoteWord } from '../../parse/quote.ts'
import type { Staging } from '../source.ts'
import { askHost } from './ask-host.ts'
import type { PipeContext } from './host-pipe.ts'
import { parentOf, refuseNoPath } from './host-place.ts'
import { Swap } from './swap.ts'

const swapOf = (context: PipeContext, place: string, staging: Staging, sudo: boolean): Swap =>
  new Swap(context, parentOf(place), staging, sudo)

/** `fill` makes a folder or a file at the path that it is given. Rejects where the place is taken; `settleAt` has to follow, whatever comes of it. */
export async function makeAt(
  context: PipeContext,
  place: string,
  { staging, sudo }: { staging: Staging; sudo: boolean },
  fill: (at: string) => Promise<unknown>,
): Promise<void> {
  refuseNoPath(place)
  const swap = swapOf(context, place, staging, sudo)
  const taken = `{ echo "qd-fail $1 is there already" >&2; exit 3; }`
  const script = `[ ! -e "$1" ] && [ ! -L "$1" ] || ${taken}; mkdir -p -- "$2"`
  await askHost(context, `The folder ${place}`, ['sh', '-c', script, 'sh', place, parentOf(place)], { sudo })
  await swap.open()
  await fill(`${swap.folder}/made`)
  await swap.staged([{ from: 'made', path: place }])
  const free = `[ ! -e ${quoteWord(place)} ] || { echo 'qd-fail something has come there meanwhile' >&2; false; }`
  const kept = await swap.swap(free)
  if (kept.length === 0) return
  // between the look and the step
  await swap.back()
  throw new AppError('CONFLICT', `${place} is there already`)
}

/** Removes what `makeAt` did not finish, and its marks. True where the place is whole, and not settled before. */
export async function settleAt(
  context: PipeContext,
  place: string,
  { staging, sudo }: { staging: Staging; sudo: boolean },
): Promise<boolean> {
  const swap = swapOf(context, place, staging, sudo)
  const whole = (await swap.state()) === 'swapped'
  await (whole ? swap.dropOld() : swap.discard())
  return whole
}
