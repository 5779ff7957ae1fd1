// A few thousand journal lines as typed columns and flat bytes, and names as small numbers. Knows nothing of their order.

export const chunkLines = 4096
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Strings that come again and again, as small numbers; 0 is null. */
export class Names {
  readonly #byName = new Map<string, number>()
  readonly #names: (string | null)[] = [null]

  number(name: string | null): number {
    if (name === null) return 0
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    // A host that invents names without end gets one for all the rest.
    if (this.#names.length >= 65_535) return this.#names.length - 1
    const number = this.#names.push(name) - 1
    this.#byName.set(name, number)
    return number
  }

  name(number: number): string | null {
    return this.#names[number] ?? null
  }
}

export class Chunk {
  lines = 0
  readonly at = new Float64Array(chunkLines)
  readonly lastAt = new Float64Array(chunkLines)
  readonly count = new Uint32Array(chunkLines)
  readonly pid = new Int32Array(chunkLines)
  readonly host = new Uint16Array(chunkLines)
  readonly unit = new Uint16Array(chunkLines)
  readonly identifier = new Uint16Array(chunkLines)
  /** Bits 0–2 the priority, bit 3 truncated. */
  readonly flags = new Uint8Array(chunkLines)
  #texts: string[] | null = []
  /** UTF-8: one letter outside of Latin script would double the size of a whole chunk as one string. */
  #bytes = new Uint8Array(0)
  readonly #ends = new Uint32Array(chunkLines)

  get full(): boolean {
    return this.lines === chunkLines
  }

  get sealed(): boolean {
    return this.#texts === null
  }

  push(message: string): void {
    this.#texts?.push(message)
    this.lines++
    if (this.full) this.seal()
  }

  /** Flat bytes instead of thousands of strings: what is sealed costs its text and four bytes a line. */
  seal(): void {
    if (!this.#texts) return
    const whole = this.#texts.join('')
    this.#bytes = encoder.encode(whole)
    let end = 0
    let units = 0
    for (const [index, text] of this.#texts.entries()) {
      for (units += text.length; units > 0; ) {
        const width = widthOf(this.#bytes[end] ?? 0)
        end += width
        units -= width === 4 ? 2 : 1
      }
      this.#ends[index] = end
    }
    this.#texts = null
  }

  message(index: number): string {
    if (this.#texts) return this.#texts[index] ?? ''
    return decoder.decode(this.#bytes.subarray(index === 0 ? 0 : this.#ends[index - 1], this.#ends[index]))
  }
}

/** How many bytes the character has that begins with this one. */
function widthOf(first: number): number {
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
}
