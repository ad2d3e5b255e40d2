// Writes DER (X.690).

/** One element: its tag, and what is in it. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 255)
  return Buffer.concat([Buffer.of(tag, ...(length < 128 ? [length] : [0x80 | octets.length, ...octets])), content])
}
