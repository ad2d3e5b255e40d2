// Certificates that a trusted proxy forwards (RFC 9440): read strictly out of `Client-Cert` and `Client-Cert-Chain`, each parsed once for many requests.
import { CertificateShown } from '../../certificates/trust-domain.ts'
import { DROPPED } from '../../http/field-lines.ts'
import { fieldName, isNamed, RESERVED } from '../../http/field-names.ts'
import type { RequestHead } from '../../http/request-head.ts'

const CLIENT_CERT = fieldName('client-cert')
const CLIENT_CERT_CHAIN = fieldName('client-cert-chain')
/** A proxy forwards the same few certificates again and again; past this many the oldest is read anew. */
const KEPT_MAX = 256
const CHAIN_MAX = 10

/** What was read lately, by the text of both fields. One for each thread. */
export class ForwardedCertificates {
  private readonly byText = new Map<string, CertificateShown>()

  find(text: string): CertificateShown | undefined {
    return this.byText.get(text)
  }
  keep(text: string, shown: CertificateShown): void {
    if (this.byText.size >= KEPT_MAX) this.byText.delete(this.byText.keys().next().value!)
    this.byText.set(text, shown)
  }
}

/** Only called for a trusted peer; the fields never go further, whoever sent them. Undefined: its client showed none. */
export function forwardedCertificate(head: RequestHead, kept: ForwardedCertificates): CertificateShown | 'ambiguous' | undefined {
  const own = valuesOf(head, CLIENT_CERT)
  const chain = valuesOf(head, CLIENT_CERT_CHAIN)
  if (own.length === 0) return chain.length === 0 ? undefined : 'ambiguous'
  // RFC 9440 2.2: Client-Cert is one item. A second line is one that the proxy did not take away.
  if (own.length > 1) return 'ambiguous'
  const text = `${own[0]}\n${chain.join(',')}`
  const known = kept.find(text)
  if (known !== undefined) return known
  const [raw, ...more] = byteSequences(own[0]!) ?? []
  const sent = chain.length === 0 ? [] : byteSequences(chain.join(','))
  if (raw === undefined || more.length > 0 || sent === undefined || sent.length > CHAIN_MAX) return 'ambiguous'
  const shown = new CertificateShown(raw, sent)
  kept.keep(text, shown)
  return shown
}

/** Lines of exactly this name: a spelling with `_` is somebody else's. */
function valuesOf(head: RequestHead, name: typeof CLIENT_CERT): string[] {
  const values: string[] = []
  for (let i = head.findId(RESERVED); i >= 0; i = head.findId(RESERVED, i + 1))
    if (head.flags[i] === DROPPED && isNamed(head.bytes, head.at[i * 4]!, head.at[i * 4 + 1]!, name)) values.push(head.value(i))
  return values
}

/** `:`, base64 in its one spelling, `:` (RFC 9651 3.3.5); a list of them has commas between. */
const SEQUENCES = /^:[A-Za-z0-9+/]*={0,2}:(?:[ \t]*,[ \t]*:[A-Za-z0-9+/]*={0,2}:)*$/

/** The byte sequences of a list (RFC 9651 3.1) without parameters, which RFC 9440 defines none of; undefined for anything else. */
export function byteSequences(value: string): Buffer[] | undefined {
  const text = value.trim()
  if (!SEQUENCES.test(text)) return undefined
  const found: Buffer[] = []
  for (const item of text.split(',')) {
    const base64 = item.trim().slice(1, -1)
    const octets = Buffer.from(base64, 'base64')
    // RFC 9651 4.2.7 lets one read what is not padded, or has bits to spare; whoever forwards a certificate writes it whole.
    if (octets.length === 0 || octets.toString('base64') !== base64) return undefined
    found.push(octets)
  }
  return found
}
