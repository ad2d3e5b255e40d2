// Which requests a canary takes: those with a field, of chosen consumers, or of a share of all callers that stays the same.
import { hash } from 'node:crypto'
import { KeyedHash } from '../../base/keyed-hash.ts'
import { fieldName } from '../../http/field-names.ts'
import type { Canary } from '../../model/snapshot.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { Principal } from '../../pipeline/slots.ts'

const PARTS = 10_000

/** Which callers go elsewhere. */
export class CanaryChoice {
  readonly to: string
  private readonly share: number
  private readonly field: { readonly name: ReturnType<typeof fieldName>; readonly value: string } | undefined
  private readonly consumers: ReadonlySet<string>
  private readonly hash: KeyedHash

  /**
   * A caller's place among all callers depends on the two names alone: every thread, node and restart agrees, and another canary draws another sample. It is
   * no secret, and need not be: whoever works out where he goes still meets the policies there.
   */
  constructor(from: string, { to, share, header, consumers }: Canary) {
    this.to = to
    this.share = share
    this.field = header && { name: fieldName(header.name), value: header.value }
    this.consumers = new Set(consumers)
    this.hash = new KeyedHash(hash('sha256', `gatehouse canary ${from} ${to}`, 'buffer').subarray(0, 16))
  }

  takes(x: Exchange): boolean {
    const { field, share } = this
    if (field !== undefined) {
      const at = x.head.find(field.name)
      if (at >= 0 && x.head.find(field.name, at + 1) < 0 && x.head.value(at) === field.value) return true
    }
    const consumer = x.get(Principal)?.consumer
    if (consumer !== undefined && this.consumers.has(consumer)) return true
    // The place is fixed: a larger share keeps everybody whom a smaller one had.
    return share > 0 && this.placeOf(consumer === undefined ? `address ${x.address.group}` : `consumer ${consumer}`) < share
  }

  private placeOf(caller: string): number {
    this.hash.hash(caller)
    return Math.floor(((this.hash.words[0]! >>> 0) / 2 ** 32) * PARTS)
  }
}
