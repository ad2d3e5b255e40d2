// What one listener shows to those who shake hands: for each name the certificates that have it, ECDSA and RSA side by side.
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { NameTable } from '../certificates/server-names.ts'
import { tlsProfiles } from '../certificates/tls-profile.ts'
import type { ListenerTls, ServerCertificate } from '../model/snapshot.ts'

/** RFC 9325 3.5: no renegotiation. RFC 9325 3.3: no compression (CRIME). */
const OPTIONS = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE

export interface ServerContexts {
  /** For clients that ask for no name. */
  readonly options: SecureContextOptions
  /** For those that ask for one: whoever has it, or the first. RFC 6066 3 allows either; a wrong name is the clearer error to the client. */
  find(name: string): SecureContext
}

/** `ticketKeys`: 48 octets that all threads share, so that a session begun on one is resumed on any. */
export function serverContexts({ profile, certificates }: ListenerTls, ticketKeys: Uint8Array): ServerContexts {
  const { minVersion, ciphers, groups, signatures } = tlsProfiles[profile]
  const common = { minVersion, ciphers, ecdhCurve: groups, sigalgs: signatures, secureOptions: OPTIONS, ticketKeys: Buffer.from(ticketKeys) }
  const optionsOf = (shown: readonly ServerCertificate[]): SecureContextOptions => ({
    ...common,
    cert: shown.map(({ chain }) => chain),
    key: shown.map(({ key }) => key),
  })
  const made = new Map<string, SecureContext>()
  const contextOf = (shown: readonly ServerCertificate[]): SecureContext => {
    const which = shown.map(({ thumbprint }) => thumbprint).join()
    const context = made.get(which) ?? createSecureContext(optionsOf(shown))
    made.set(which, context)
    return context
  }
  const table = new NameTable<SecureContext>()
  for (const name of new Set(certificates.flatMap(({ names }) => names))) table.add(name, contextOf(oneOfEachAlgorithm(certificates, name)))
  const first = oneOfEachAlgorithm(certificates, certificates[0]!.names[0]!)
  const fallback = contextOf(first)
  return { options: optionsOf(first), find: (name) => table.find(name.toLowerCase()) ?? fallback }
}

/** The first certificate of each kind of key that has the name itself: OpenSSL chooses among them by what the client can verify. */
function oneOfEachAlgorithm(certificates: readonly ServerCertificate[], name: string): ServerCertificate[] {
  const found = new Map<ServerCertificate['algorithm'], ServerCertificate>()
  for (const certificate of certificates)
    if (certificate.names.includes(name) && !found.has(certificate.algorithm)) found.set(certificate.algorithm, certificate)
  return [...found.values()]
}
