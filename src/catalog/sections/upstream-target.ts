// Upstream addresses: `https://HOST:PORT/base` or `http://...`, read so that no other reader of the same text would go elsewhere.
import { formatIp, parseIp } from '../../base/ip.ts'
import { isLinkLocalOrMetadata, isNoHost, meanings } from '../../base/network-range.ts'

export interface UpstreamTarget {
  readonly scheme: 'http' | 'https'
  /** A DNS name in lower case or an IP address without brackets. */
  readonly host: string
  readonly port: number
  /** '' or a path without trailing slash. */
  readonly basePath: string
  /** `host` names SRV records (RFC 2782), and `port` is 0: both are theirs. */
  readonly isSrv?: true
}
export interface TargetFault {
  readonly code: string
  readonly message: string
}

const FORM = /^(https?):\/\/(?:([^/?#@]*)@)?(\[[^\]]*\]|[^/?#@:[\]]+)(?::(\d{0,6}))?(\/[^?#]*)?([?#].*)?$/i
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/
const METADATA_NAMES = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data', 'instance-data.ec2.internal'])

export function parseUpstream(written: string): UpstreamTarget | TargetFault {
  const parts = FORM.exec(written)
  if (!parts) return bad('an upstream is https://HOST:PORT or http://HOST:PORT, with a path after it if all requests go below one')
  const [, schemeText, userinfo, name, port, path = '', rest] = parts
  const scheme = schemeText!.toLowerCase() === 'https' ? 'https' : 'http'
  // Not repeated in the message: what stands there is most likely a password.
  if (userinfo !== undefined) return { code: 'upstream-credentials', message: 'an upstream address holds no user or password (RFC 9110 4.2.4)' }
  if (rest !== undefined) return bad('an upstream address holds no query and no fragment')
  if (port !== undefined && (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65535)) return bad('the port of an upstream is between 1 and 65535')
  const host = hostOf(name!.toLowerCase())
  if (typeof host !== 'string') return host
  const basePath = path === '/' ? '' : path
  if (basePath !== '' && !isNormalPath(basePath))
    return bad('the path of an upstream is written in normal form: no trailing slash, no empty or dot segments, no ";" and no "%"')
  return { scheme, host, port: port === undefined ? defaultPort(scheme) : Number(port), basePath }
}

/** An address of one of several targets, which may be the name of SRV records. */
export function parseTarget(written: string): UpstreamTarget | TargetFault {
  const parts = /^srv\+(https?:\/\/.*)$/is.exec(written)
  if (!parts) return parseUpstream(written)
  if (/^https?:\/\/[^/?#]*:\d+(?:[/?#]|$)/i.test(parts[1]!)) return bad('SRV records say their ports themselves: srv+https://NAME has none')
  const target = parseUpstream(parts[1]!)
  if ('code' in target) return target
  if (!/^_[a-z0-9-]+\._(?:tcp|udp)\.[a-z0-9_]/.test(target.host)) return bad('SRV records have a name such as _api._tcp.example.org (RFC 2782)')
  return { ...target, port: 0, isSrv: true }
}

const defaultPort = (scheme: UpstreamTarget['scheme']): number => (scheme === 'https' ? 443 : 80)

/** `/a/b`: begins with a slash, ends without one, no empty or dot segment, no `;`, no percent-encoding, nothing that a URI may not hold (RFC 3986 3.3). */
export const isNormalPath = (path: string): boolean => /^(?:\/[A-Za-z0-9._~!$&'()*+,=:@-]+)+$/.test(path) && !/\/\.{1,2}(?:\/|$)/.test(path)

function hostOf(name: string): string | TargetFault {
  const octets = name.startsWith('[') ? parseIp(name.slice(1, -1)) : parseIp(name)
  if (!octets) {
    if (METADATA_NAMES.has(name.replace(/\.$/, ''))) return forbidden(`${name} is the metadata service of a cloud`)
    // 0x7f.1, 2130706433 and 127.1 are addresses to some resolvers and names to others.
    if (!DNS_NAME.test(name) || /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(name))
      return bad('the host of an upstream is a DNS name or an IP address in its usual form, IPv6 in brackets')
    return name
  }
  if (octets.length === 4 && name.startsWith('[')) return bad('only an IPv6 address stands in brackets')
  for (const meant of meanings(octets)) {
    if (isLinkLocalOrMetadata(meant)) return forbidden(`${name} is a link-local or metadata address`)
    if (isNoHost(meant)) return forbidden(`no single host has the address ${name}`)
  }
  return formatIp(octets)
}

const bad = (message: string): TargetFault => ({ code: 'bad-upstream', message })
const forbidden = (why: string): TargetFault => ({ code: 'forbidden-upstream', message: `no upstream may be there: ${why}` })
