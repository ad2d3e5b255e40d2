// The head of a response that the gateway wrote, as the fields of an HTTP/2 stream.

export interface StreamResponse {
  readonly status: number
  /** `:status` first, then names in lower case and values, in turn. */
  readonly fields: string[]
  /** Where in the octets the head ends. */
  readonly end: number
}

/** Reads one of our own heads, which stands whole in the octets. What speaks of the connection stays behind (RFC 9113 8.2.2). */
export function responseToStream(octets: Buffer, from: number): StreamResponse {
  const end = octets.indexOf('\r\n\r\n', from, 'latin1')
  if (end < 0) throw new RangeError('not a whole head')
  const lines = octets.toString('latin1', from, end).split('\r\n')
  const status = Number(lines[0]!.slice(9, 12))
  // RFC 8441 5: an extended CONNECT that is taken is answered 200, and without the proof of HTTP/1.1's handshake.
  const switches = status === 101
  const fields = [':status', switches ? '200' : String(status)]
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (OF_CONNECTION.has(name) || (switches && name === 'sec-websocket-accept')) continue
    fields.push(name, line.slice(colon + 2))
  }
  return { status, fields, end: end + 4 }
}
const OF_CONNECTION: ReadonlySet<string> = new Set(['connection', 'upgrade', 'transfer-encoding', 'keep-alive', 'proxy-connection'])
