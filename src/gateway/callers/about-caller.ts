// The fields that tell an upstream where a request came from, put together once per connection and host.

import { FORWARDED, X_FORWARDED_FOR } from '../../http/field-names.ts'
import type { RequestHead } from '../../http/request-head.ts'
import type { CallerAddress } from '../../pipeline/exchange.ts'
import { forwardedScheme } from './caller-address.ts'

/** RFC 7239 6: an IPv6 address is bracketed and quoted. */
const node = (address: CallerAddress): string => (address.octets.length === 4 ? address.text : `"[${address.text}]"`)

/** One connection's view. A kept connection nearly always names the same host again, and then the whole block is one copy. */
export class AboutCaller {
  private readonly peer: CallerAddress
  private readonly scheme: 'http' | 'https'
  /** RFC 9110 7.6.3: the protocol by which the request was received. */
  private readonly via: string
  private host: Buffer = NOTHING
  private block: Buffer | undefined

  constructor(peer: CallerAddress, scheme: 'http' | 'https', major: 1 | 2) {
    this.peer = peer
    this.scheme = scheme
    this.via = major === 2 ? '2' : '1.1'
  }

  /** The block for a request straight from the peer. */
  direct(head: RequestHead): Buffer {
    const { bytes, hostStart, hostEnd } = head
    if (this.block !== undefined && same(this.host, bytes, hostStart, hostEnd)) return this.block
    this.host = Buffer.from(bytes.subarray(hostStart, hostEnd))
    this.block = this.build('', '', head.host, this.scheme)
    return this.block
  }

  /** The block for a request that a trusted proxy forwarded: what it says of earlier hops is kept in front (RFC 7239 4). */
  forwarded(head: RequestHead): Buffer {
    return this.build(listOf(head, X_FORWARDED_FOR), listOf(head, FORWARDED), head.host, forwardedScheme(head) ?? this.scheme)
  }

  /** `clientScheme`: by which the client came, to whoever it came first. */
  private build(earlierFor: string, earlierForwarded: string, host: string, clientScheme: 'http' | 'https'): Buffer {
    const { peer, scheme } = this
    const hostParameter = host === '' ? '' : `;host="${host}"`
    const hostField = host === '' ? '' : `X-Forwarded-Host: ${host}\r\n`
    return Buffer.from(
      `Via: ${this.via} gatehouse\r\nX-Forwarded-Proto: ${clientScheme}\r\nX-Forwarded-For: ${earlierFor}${peer.text}\r\n${hostField}` +
        `Forwarded: ${earlierForwarded}for=${node(peer)};proto=${scheme}${hostParameter}\r\n`,
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
