// Reads the certificates of the listeners out of their files, and says what is wrong with each where it is written.
import type { Fault, Path } from '../../base/fault.ts'
import { parseIp } from '../../base/ip.ts'
import { readServerCertificate } from '../../certificates/server-certificate.ts'
import { NameTable } from '../../certificates/server-names.ts'
import type { Listener, ListenerTls, ServerCertificate } from '../../model/snapshot.ts'
import { transportSecurityValue, USUAL_TRANSPORT_SECURITY } from '../../model/transport-security.ts'
import { type ListenerSection, profileOf, type TlsSection } from '../sections/listener.ts'
import { readClientTrust, type TrustMeans } from './client-trust.ts'

export interface ListenerReading {
  /** Without those that have faults. */
  readonly listen: readonly Listener[]
  readonly faults: readonly Fault[]
  /** What does not keep a certificate from being shown. */
  readonly notices: readonly Fault[]
}

/** What is needed to read certificates. */
export type CertificateFiles = Pick<TrustMeans, 'texts' | 'fileBeside' | 'nowMs'>

/** What is shown for names that certificates are got for by ACME. */
export interface HeldCertificates {
  /** Undefined while there is none. */
  find(name: string): ServerCertificate | undefined
  /** What is shown until then, where nothing else covers the name. */
  standIn(name: string): ServerCertificate
}
export interface AcmeMeans {
  readonly held?: HeldCertificates | undefined
  /** How names are proved. */
  readonly challenge?: string | undefined
}

export function readListeners(sections: readonly ListenerSection[], means: TrustMeans, { held, challenge }: AcmeMeans = {}): ListenerReading {
  const faults: Fault[] = []
  const notices: Fault[] = []
  const secure = sections.filter(({ scheme }) => scheme === 'https')
  const redirectPort = secure.find(({ port }) => port !== 0)?.port
  const listen = sections.map(({ host, port, tls, http2 = false, proxyProtocol, https = secure.length > 0 ? 'refuse' : 'off' }, i): Listener => {
    if (tls === undefined)
      return {
        host,
        port,
        ...(http2 && { http2 }),
        ...(proxyProtocol && { proxyProtocol }),
        ...(https !== 'off' && { inClear: https === 'redirect' && redirectPort !== undefined ? { redirectPort } : {} }),
      }
    const reading = readTls(tls, ['gateway', 'listen', i, 'tls'], means, held)
    const clients = tls.clients && readClientTrust(tls.clients, ['gateway', 'listen', i, 'tls', 'clients'], means)
    faults.push(...reading.faults, ...(clients?.faults ?? []))
    notices.push(...reading.notices, ...(clients?.notices ?? []))
    const secured: ListenerTls = {
      ...reading.tls,
      ...(tls.acme && challenge === 'tls-alpn-01' && { provesNames: true as const }),
      ...(clients?.trust && { clients: { ...clients.trust, mode: tls.clients!.mode } }),
    }
    return { host, port, ...(http2 && { http2 }), ...(proxyProtocol && { proxyProtocol }), tls: secured }
  })
  return { listen, faults, notices }
}

export interface TlsReading {
  /** Without certificates that have faults. */
  readonly tls: ListenerTls
  readonly faults: readonly Fault[]
  readonly notices: readonly Fault[]
}

/** `place`: where the section stands. */
export function readTls(section: TlsSection, place: Path, { texts, fileBeside, nowMs }: CertificateFiles, held?: HeldCertificates): TlsReading {
  const faults: Fault[] = []
  const notices: Fault[] = []
  const certificates: ServerCertificate[] = []
  for (const [j, { cert, key, passphrase }] of (section.certificates ?? []).entries()) {
    const at: Path = [...place, 'certificates', j]
    const [certificateText, keyText] = [texts.get(fileBeside(cert)), texts.get(fileBeside(key))]
    const passphraseText = passphrase && texts.get(fileBeside(passphrase.file))
    if (certificateText === undefined || keyText === undefined || (passphrase && passphraseText === undefined)) continue
    const reading = readServerCertificate(certificateText, keyText, nowMs, passphraseText)
    for (const { in: where, code, message } of reading.faults) faults.push({ code, message, path: [...at, where === 'key' ? 'key' : 'cert'] })
    for (const message of reading.notices) notices.push({ code: 'certificate-notice', message, path: [...at, 'cert'] })
    const { certificate } = reading
    if (certificate === undefined) continue
    if (certificates.some(({ thumbprint }) => thumbprint === certificate.thumbprint))
      faults.push({ code: 'duplicate-item', message: 'this certificate stands above already', path: [...at, 'cert'] })
    certificates.push(certificate)
  }
  if (held) certificates.push(...shownFor(section.acme ?? [], certificates, held))
  const said = section.hsts ?? (certificates.some(hasName) && USUAL_TRANSPORT_SECURITY)
  return { tls: { profile: profileOf(section), certificates, ...(said && { transportSecurity: transportSecurityValue(said) }) }, faults, notices }
}

/** Behind those of files: for clients that ask for no name, the operator's own order counts first. */
function shownFor(names: readonly string[], others: readonly ServerCertificate[], held: HeldCertificates): ServerCertificate[] {
  const covered = new NameTable<true>()
  for (const name of others.flatMap((each) => each.names)) covered.add(name, true)
  const got = names.flatMap((name) => held.find(name) ?? [])
  for (const { names: own } of got) for (const name of own) covered.add(name, true)
  return [...got, ...names.filter((name) => covered.find(name) === undefined).map((name) => held.standIn(name))]
}
/** Browsers know no such promise for addresses (RFC 6797 8.1.1), and one for localhost would lock everything else that is tried out there in clear. */
const hasName = ({ names }: ServerCertificate): boolean => names.some((name) => !/(?:^|\.)localhost$/.test(name) && parseIp(name) === undefined)
