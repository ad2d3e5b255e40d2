// The names that a server certificate is good for, and whether one of them covers the name that a client asks for (RFC 6125, RFC 9525).
import { formatIp, parseIp } from '../base/ip.ts'
import { partsOutsideQuotes } from '../http/quoted-parts.ts'

/** A label of letters, digits, hyphens and, because it is found in practice, underscores. */
const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const NAME = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`)

/** A host name as it is compared: lower case, without the root's dot; undefined for what is none. Wildcards keep their `*.`. */
export function serverName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, '')
  return name.length <= 253 && NAME.test(name) ? name : undefined
}

/** DNS names and addresses of a `subjectAltName` as Node writes it. RFC 9525 2: the subject's common name is not looked at. */
export function namesOf(subjectAltName: string | undefined): string[] {
  const names: string[] = []
  for (const entry of entriesOf(subjectAltName ?? '')) {
    const name = entry.startsWith('DNS:') ? serverName(entry.slice(4)) : entry.startsWith('IP Address:') ? address(entry.slice(11)) : undefined
    if (name !== undefined && !names.includes(name)) names.push(name)
  }
  return names
}
function address(text: string): string | undefined {
  const octets = parseIp(text)
  return octets && formatIp(octets)
}

/** Node quotes whatever holds a comma, so that no name can smuggle another in (CVE-2021-44532); what is quoted holds what no name may hold. */
const entriesOf = (text: string): string[] => (partsOutsideQuotes(text, ',') ?? []).filter((entry) => !entry.includes('"')).map((entry) => entry.trim())

/** Values by server name: the exact name first, then the wildcard of its parent (RFC 9525 6.3: one label, the leftmost, and whole). */
export class NameTable<T> {
  private readonly byName = new Map<string, T>()

  /** The first of a name stays. */
  add(name: string, value: T): void {
    if (!this.byName.has(name)) this.byName.set(name, value)
  }
  /** `name` in lower case. */
  find(name: string): T | undefined {
    const exact = this.byName.get(name)
    if (exact !== undefined) return exact
    const dot = name.indexOf('.')
    // No wildcard stands for a name of one label, nor for one that begins with a dot.
    return dot > 0 ? this.byName.get(`*${name.slice(dot)}`) : undefined
  }
}
