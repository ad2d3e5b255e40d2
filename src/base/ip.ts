// IP addresses and networks: parsed strictly to bytes, matched in a binary trie.

/** Four or sixteen octets, or undefined when `text` is no address. Strict: no leading zeros, no zone, no short forms (RFC 3986 3.2.2, RFC 4291 2.2). */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/
function parseIpv4(text: string): Uint8Array | undefined {
  const parts = IPV4.exec(text)
  if (!parts) return undefined
  const octets = new Uint8Array(4)
  for (let i = 0; i < 4; i++) {
    const part = parts[i + 1]!
    // "010" is 8 to some readers and 10 to others.
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) return undefined
    octets[i] = Number(part)
  }
  return octets
}

function parseIpv6(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groups(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? groups(halves[1]!, true) : []
  if (!head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const octets = new Uint8Array(16)
  for (const [i, group] of [...head, ...new Array<number>(halves.length === 2 ? missing : 0).fill(0), ...tail].entries()) {
    octets[i * 2] = group >> 8
    octets[i * 2 + 1] = group & 255
  }
  return octets
}

/** The 16-bit groups of one side of "::"; `atEnd` of the address, an IPv4 tail counts as two (RFC 4291 2.2). */
function groups(text: string, atEnd: boolean): number[] | undefined {
  if (text === '') return []
  const out: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const v4 = atEnd && i === parts.length - 1 ? parseIpv4(part) : undefined
      if (!v4) return undefined
      out.push((v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!)
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) out.push(Number.parseInt(part, 16))
    else return undefined
  }
  return out
}

/** The IPv4 address inside an IPv4-mapped IPv6 one (::ffff:a.b.c.d), else the address itself: one spelling per peer. */
export function unmapped(octets: Uint8Array): Uint8Array {
  if (octets.length !== 16 || octets[10] !== 255 || octets[11] !== 255) return octets
  for (let i = 0; i < 10; i++) if (octets[i] !== 0) return octets
  return octets.slice(12)
}

/** The canonical text of an address (RFC 5952 for IPv6). */
export function formatIp(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.')
  const words = Array.from({ length: 8 }, (_, i) => (octets[i * 2]! << 8) | octets[i * 2 + 1]!)
  let best = { start: -1, length: 1 }
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (i + length < 8 && words[i + length] === 0) length++
    if (length > best.length) best = { start: i, length }
  }
  const hex = words.map((word) => word.toString(16))
  if (best.start < 0) return hex.join(':')
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`
}

/** What one caller is counted under: the address, or the /64 of an IPv6 one, since a host owns all of its /64. */
export function addressGroup(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.')
  const network = octets.slice()
  network.fill(0, 8)
  return `${formatIp(network)}/64`
}

/** A network: base address and prefix length in bits of its own family. */
export interface Cidr {
  readonly octets: Uint8Array
  readonly bits: number
}

/** `192.0.2.0/24`, `2001:db8::/32`, or a single address. Undefined when malformed, or when bits are set beyond the prefix (a slip worth telling). */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  const octets = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (!octets) return undefined
  const suffix = slash < 0 ? String(octets.length * 8) : text.slice(slash + 1)
  if (!/^(?:0|[1-9]\d{0,2})$/.test(suffix)) return undefined
  const bits = Number(suffix)
  if (bits > octets.length * 8) return undefined
  for (let bit = bits; bit < octets.length * 8; bit++) if (bitAt(octets, bit) === 1) return undefined
  return { octets, bits }
}
/** The form of a list's name: it begins with a letter and holds neither ':' nor '/', so that it is never an address or a network, nor looks like one cut short. */
export const LIST_NAME = /^[A-Za-z](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/
export const isListName = (text: string): boolean => LIST_NAME.test(text)

const bitAt = (octets: Uint8Array, bit: number): number => (octets[bit >> 3]! >> (7 - (bit & 7))) & 1

/** A set of networks. Building is linear in the networks; `has` walks at most 32 or 128 bits and allocates nothing. */
export class NetworkSet {
  /** Two children a node: 0 none, else index; -1 marks "all below is inside". */
  private nodes = new Int32Array(64)
  private used = 2
  /** Whether all of IPv4, and all of IPv6, is inside: a root's children say only halves of it. */
  private readonly whole = [false, false]
  size = 0

  constructor(networks: Iterable<Cidr> = []) {
    for (const network of networks) this.add(network)
  }

  /** Of networks as a checked configuration writes them. */
  static of(written: readonly string[]): NetworkSet {
    return new NetworkSet(written.map((text) => parseCidr(text)).filter((cidr) => cidr !== undefined))
  }

  has(octets: Uint8Array): boolean {
    let node = octets.length === 4 ? 0 : 1
    if (this.whole[node]) return true
    const bits = octets.length * 8
    for (let bit = 0; bit < bits; bit++) {
      const next = this.nodes[node * 2 + bitAt(octets, bit)]!
      if (next <= 0) return next === -1
      node = next
    }
    return false
  }

  /** For who builds a large set in slices; afterwards a set is not changed. */
  add({ octets, bits }: Cidr): void {
    this.size++
    // A mapped network is the IPv4 network it holds: callers are looked up unmapped.
    const plain = bits >= 96 ? unmapped(octets) : octets
    const depth = plain.length === octets.length ? bits : bits - 96
    let node = plain.length === 4 ? 0 : 1
    if (depth === 0) {
      this.whole[node] = true
      return
    }
    for (let bit = 0; bit < depth; bit++) {
      const slot = node * 2 + bitAt(plain, bit)
      if (this.nodes[slot] === -1) return
      if (bit === depth - 1) {
        this.nodes[slot] = -1
        return
      }
      if (this.nodes[slot] === 0) {
        // Growing replaces the array: ask for the node before naming the place it goes to.
        const child = this.grow()
        this.nodes[slot] = child
      }
      node = this.nodes[slot]!
    }
  }

  private grow(): number {
    if ((this.used + 1) * 2 > this.nodes.length) {
      const larger = new Int32Array(this.nodes.length * 2)
      larger.set(this.nodes)
      this.nodes = larger
    }
    return this.used++
  }
}
