// The names of subjectAltName (RFC 5280 4.2.1.6) in one spelling, out of a certificate and out of a file: `dns:`, `email:`, `uri:` and `ip:`.
import { formatIp, parseIp } from '../base/ip.ts'
import { context, type DerCursor, DerFault } from './der.ts'
import { serverName } from './server-names.ts'

/** Names of other kinds are left out: nobody is known by them here. */
export function alternativeNames(names: DerCursor): string[] {
  const found: string[] = []
  while (names.hasMore) {
    names.next()
    const { content } = names
    switch (names.tag) {
      case context(2):
        found.push(`dns:${ascii(content).toLowerCase()}`)
        break
      case context(1):
        found.push(`email:${mail(ascii(content))}`)
        break
      case context(6):
        found.push(`uri:${ascii(content)}`)
        break
      case context(7):
        if (content.length !== 4 && content.length !== 16) throw new DerFault('an address')
        found.push(`ip:${formatIp(content)}`)
        break
    }
  }
  return found
}

/** IA5String. What is not visible ASCII has no place in any of these names: it would be read otherwise elsewhere (CVE-2021-44532). */
function ascii(content: Buffer): string {
  if (content.length === 0 || content.some((octet) => octet <= 0x20 || octet > 0x7e)) throw new DerFault('a name that is not visible ASCII')
  return content.toString('latin1')
}
/** RFC 5280 7.5: the host of a mailbox is compared without regard to case, the rest with it. */
const mail = (text: string): string => text.slice(0, text.lastIndexOf('@') + 1) + text.slice(text.lastIndexOf('@') + 1).toLowerCase()

/** A name as somebody writes it, in the spelling of `alternativeNames`; undefined for what is none. */
export function normalAlternativeName(written: string): string | undefined {
  const parts = /^(dns|email|uri|ip):([\x21-\x7e]{1,1000})$/i.exec(written)
  if (!parts) return undefined
  const [kind, value] = [parts[1]!.toLowerCase(), parts[2]!]
  if (kind === 'dns') {
    const name = serverName(value)
    return name === undefined ? undefined : `dns:${name}`
  }
  if (kind === 'email') return /^[^@]+@[^@]+$/.test(value) ? `email:${mail(value)}` : undefined
  if (kind === 'uri') return /^[A-Za-z][A-Za-z0-9+.-]*:/.test(value) ? `uri:${value}` : undefined
  const octets = parseIp(value)
  return octets && `ip:${formatIp(octets)}`
}
