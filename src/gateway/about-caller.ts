// The fields that tell an upstream where a request came from, put together once per connection and host.

import { FORWARDED, X_FORWARDED_FOR } from '../http/field-names.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { CallerAddress } from '../pipeline/exchange.ts'

const VIA_AND_PROTO = 'Via: 1.1 gatehouse\r\nX-Forwarded-Proto: http\r\n'

/** RFC 7239 6: an IPv6 address is bracketed and quoted. */
const node = (address: CallerAddress): string => (address.octets.length === 4 ? address.text : `"[${address.text}]"`)

/** One connection's view. A kept connection nearly always names the same host again, and then the whole block is one copy. */
export class AboutCaller {
  private readonly peer: CallerAddress
  private host: Buffer = NOTHING
  private block: Buffer | undefined

  constructor(peer: CallerAddress) {
    this.peer = peer
  }

  /** The block for a request straight from the peer. */
  direct(head: RequestHead): Buffer {
    const { bytes, hostStart, hostEnd } = head
    if (this.block !== undefined && same(this.host, bytes, hostStart, hostEnd)) return this.block
    this.host = Buffer.from(bytes.subarray(hostStart, hostEnd))
    this.block = this.build('', '', head.host)
    return this.block
  }

  /** The block for a request that a trusted proxy forwarded: what it says of earlier hops is kept in front (RFC 7239 4). */
  forwarded(head: RequestHead): Buffer {
    return this.build(listOf(head, X_FORWARDED_FOR), listOf(head, FORWARDED), head.host)
  }

  private build(earlierFor: string, earlierForwarded: string, host: string): Buffer {
    const hostParameter = host === '' ? '' : `;host="${host}"`
    const hostField = host === '' ? '' : `X-Forwarded-Host: ${host}\r\n`
    return Buffer.from(
      `${VIA_AND_PROTO}X-Forwarded-For: ${earlierFor}${this.peer.text}\r\n${hostField}Forwarded: ${earlierForwarded}for=${node(this.peer)};proto=http${hostParameter}\r\n`,
      'latin1',
    )
  }
}
const NOTHING = Buffer.alloc(0)

function same(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}

function listOf(head: RequestHead, id: number): string {
  let list = ''
  for (let i = head.findId(id); i >= 0; i = head.findId(id, i + 1)) list += `${head.value(i)}, `
  return list
}
