// Makes tar archives by hand, hostile ones as well; must not know what is refused.
export interface Member {
  readonly path: string
  readonly type?: string
  readonly mode?: number
  readonly target?: string
  readonly content?: string | Uint8Array
  /** Instead of the content's own. */
  readonly size?: number
}

export function tarOf(members: readonly Member[], { end = true } = {}): Buffer {
  const parts = members.flatMap(member => {
    const content = Buffer.from(member.content ?? '')
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512)
    return [header(member, content.length), content, padding]
  })
  return Buffer.concat(end ? [...parts, Buffer.alloc(1024)] : parts)
}

/** A pax header that says something of the next member. */
export const pax = (records: Readonly<Record<string, string>>, type = 'x'): Member => ({
  path: 'PaxHeaders/x',
  type,
  content: Object.entries(records)
    .map(([key, value]) => record(key, value))
    .join(''),
})

function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest
  while (String(length).length + rest !== length) length = String(length).length + rest
  return `${length} ${key}=${value}\n`
}

function header(member: Member, length: number): Buffer {
  const block = Buffer.alloc(512)
  block.write(member.path, 0, 100)
  block.write(`${(member.mode ?? 0o644).toString(8).padStart(7, '0')}\0`, 100)
  block.write('0001750\0', 108)
  block.write('0001750\0', 116)
  block.write(`${(member.size ?? length).toString(8).padStart(11, '0')}\0`, 124)
  block.write('14567001234\0', 136)
  block.write('        ', 148)
  block.write(member.type ?? '0', 156)
  block.write(member.target ?? '', 157, 100)
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
