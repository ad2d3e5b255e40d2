// Whose address a request comes from: the peer's, or what trusted proxies say in front of it (RFC 7239).
import { addressGroup, formatIp, type NetworkSet, parseIp, unmapped } from '../../base/ip.ts'
import { DROPPED } from '../../http/field-lines.ts'
import { FORWARDED, X_FORWARDED_FOR, X_FORWARDED_PROTO, X_REQUEST_ID } from '../../http/field-names.ts'
import { withoutOws } from '../../http/octets.ts'
import { partsOutsideQuotes } from '../../http/quoted-parts.ts'
import type { RequestHead } from '../../http/request-head.ts'
import type { CallerAddress } from '../../pipeline/exchange.ts'

/** A canonical address from octets. */
export function callerAddress(octets: Uint8Array): CallerAddress {
  const plain = unmapped(octets)
  return { text: formatIp(plain), octets: plain, group: addressGroup(plain) }
}

/** The peer of a socket; one without an address (it is gone already) counts as the unspecified one. */
export const peerAddress = (text: string | undefined): CallerAddress => callerAddress(parseIp((text ?? '').replace(/%.*$/, '')) ?? new Uint8Array(4))

/** How many hops are read, at most: what stands further left is not worth believing. */
const HOPS_MAX = 32

/**
 * The first address from the right that no trusted proxy speaks for. Only called for a trusted peer; `X-Forwarded-For` and `Forwarded` from anyone
 * else are stripped unread. When both are present they must agree on the caller, else the peer itself is taken: two stories are no story.
 */
export const forwardedCaller = (head: RequestHead, peer: CallerAddress, trusted: NetworkSet): CallerAddress =>
  callerThrough(peer, { plain: fieldValues(head, X_FORWARDED_FOR), standard: fieldValues(head, FORWARDED) }, trusted)

/** The same from the values of the two fields: `plain` is `X-Forwarded-For`, `standard` is `Forwarded`. */
export function callerThrough(
  peer: CallerAddress,
  { plain, standard }: { readonly plain: readonly string[] | undefined; readonly standard: readonly string[] | undefined },
  trusted: NetworkSet,
): CallerAddress {
  const fromPlain =
    plain &&
    rightmostUntrusted(
      hops(plain, (value) => value.split(',')),
      trusted,
    )
  const fromStandard = standard && rightmostUntrusted(hops(standard, forElements), trusted)
  if (fromPlain && fromStandard && fromPlain.text !== fromStandard.text) return peer
  return fromStandard ?? fromPlain ?? peer
}

/**
 * The scheme by which the client came to the nearest proxy, when that says so, and says one thing: both fields agree where both stand. Only called for a
 * trusted peer. Proxies that append to `X-Forwarded-Proto` put the nearest hop last, as `Forwarded` does (RFC 7239 5.4).
 */
export function forwardedScheme(head: RequestHead): 'http' | 'https' | undefined {
  const plain = fieldValues(head, X_FORWARDED_PROTO)?.at(-1)?.split(',').at(-1)
  const standard = fieldValues(head, FORWARDED)?.at(-1)
  const nearest = standard === undefined ? undefined : (partsOutsideQuotes(standard, ',')?.at(-1) ?? '')
  const told = [plain && withoutOws(plain), ...(nearest === undefined ? [] : parametersOf(nearest, 'proto'))]
  const schemes = new Set(told.flatMap((each) => (each ? [each.toLowerCase()] : [])))
  const [scheme] = schemes
  return schemes.size === 1 && (scheme === 'http' || scheme === 'https') ? scheme : undefined
}

/** The one request id that a trusted peer gave. */
export function forwardedId(head: RequestHead): string | undefined {
  const index = head.findId(X_REQUEST_ID)
  return index < 0 || head.findId(X_REQUEST_ID, index + 1) >= 0 ? undefined : head.value(index)
}

const hops = (values: readonly string[], split: (value: string) => readonly string[]): readonly string[] => values.flatMap(split).slice(-HOPS_MAX)

function fieldValues(head: RequestHead, id: number): readonly string[] | undefined {
  let out: string[] | undefined
  for (let i = head.findId(id); i >= 0; i = head.findId(id, i + 1)) if (head.flags[i] === DROPPED && head.ids[i] === id) out = [...(out ?? []), head.value(i)]
  return out
}

/** The `for` parameters of a Forwarded value, left to right; an element without one, or a value that cannot be parted, is an unknown hop (RFC 7239 4). */
const forElements = (value: string): string[] => partsOutsideQuotes(value, ',')?.map((element) => parametersOf(element, 'for')[0] ?? 'unknown') ?? ['unknown']

/** The values of a parameter of an element of Forwarded: one, unless somebody smuggled in another. `name` in lower case. */
const parametersOf = (element: string, name: string): string[] =>
  (partsOutsideQuotes(element, ';') ?? []).flatMap((written) => {
    const pair = withoutOws(written)
    return pair.toLowerCase().startsWith(`${name}=`) ? [pair.slice(name.length + 1).replace(/^"|"$/g, '')] : []
  })

function rightmostUntrusted(chain: readonly string[], trusted: NetworkSet): CallerAddress | undefined {
  let last: CallerAddress | undefined
  for (const hop of chain.toReversed()) {
    const octets = nodeAddress(withoutOws(hop))
    // "unknown" or an obfuscated name: what stands to the left of it cannot be checked.
    if (!octets) return last
    last = callerAddress(octets)
    if (!trusted.has(last.octets)) return last
  }
  return last
}

/** The address in a node identifier of RFC 7239 6: IPv4 with optional port, bracketed IPv6 with optional port, or a bare address. */
function nodeAddress(node: string): Uint8Array | undefined {
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(node)
  if (bracketed) return parseIp(bracketed[1]!)
  return parseIp(node) ?? parseIp(node.replace(/:\d{1,5}$/, ''))
}
