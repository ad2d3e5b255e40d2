// What one listener shows to those who shake hands: for each name the certificates that have it, ECDSA and RSA side by side.
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { NameTable } from '../../certificates/server-names.ts'
import { tlsProfiles } from '../../certificates/tls-profile.ts'
import type { ListenerTls, ServerCertificate } from '../../model/snapshot.ts'

/** RFC 9325 3.5: no renegotiation. RFC 9325 3.3: no compression (CRIME). */
const OPTIONS = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE

export interface ServerContexts {
  /** For clients that ask for no name, for one that the first certificate has, or for one that none has: all kinds of keys of the first name. */
  readonly options: SecureContextOptions
  /**
   * For those that ask for a name that others have; undefined: what `options` says is shown. RFC 6066 3 allows that for unknown names; a wrong name is
   * the clearer error to the client. `signatures`: what both sides can, as `TLSSocket.getSharedSigalgs` tells it.
   */
  find(name: string, signatures: readonly string[]): SecureContext | undefined
  /** Whether who asked for the one name was shown what they would have been for the other. Both in lower case. */
  areAlike(name: string, other: string): boolean
}

/**
 * `ticketKeys`: 48 octets that all threads share, so that a session begun on one is resumed on any. `domain`: what sessions are bound to besides (RFC 5246
 * F.1.4, RFC 8446 4.6.1): one that began at another listener is not resumed.
 */
export function serverContexts({ profile, certificates, clients }: ListenerTls, ticketKeys: Uint8Array, domain: string): ServerContexts {
  const { minVersion, ciphers, groups, signatures } = tlsProfiles[profile]
  const common: SecureContextOptions = {
    minVersion,
    ciphers,
    ecdhCurve: groups,
    sigalgs: signatures,
    secureOptions: clients === undefined ? OPTIONS : OPTIONS | constants.SSL_OP_NO_TICKET,
    ticketKeys: Buffer.from(ticketKeys),
    sessionIdContext: domain,
    // An authority in the middle may be all that is believed: what it issued is verified up to it.
    ...(clients !== undefined && { ca: [...clients.authorities], allowPartialTrustChain: true }),
  }
  const optionsOf = (shown: readonly ServerCertificate[]): SecureContextOptions => ({
    ...common,
    cert: shown.map(({ chain }) => chain),
    key: shown.map(({ key }) => key),
  })
  const made = new Map<ServerCertificate, Choice>()
  const choicesOf = (shown: readonly ServerCertificate[]): Choice[] =>
    shown.map((certificate) => {
      const choice = made.get(certificate) ?? new Choice(VERIFIED_BY[certificate.algorithm], optionsOf([certificate]))
      made.set(certificate, choice)
      return choice
    })
  const table = new NameTable<readonly Choice[]>()
  for (const name of new Set(certificates.flatMap(({ names }) => names))) table.add(name, choicesOf(oneOfEachAlgorithm(certificates, name)))
  const first = oneOfEachAlgorithm(certificates, certificates[0]!.names[0]!)
  const isFirst = (choices: readonly Choice[]): boolean => choices.length === first.length && choices.every((choice, i) => choice === made.get(first[i]!))
  return {
    options: optionsOf(first),
    find(name, shared) {
      const choices = table.find(name.toLowerCase())
      if (choices === undefined || isFirst(choices)) return undefined
      return (choices.find(({ verifiedBy }) => shared.some((signature) => verifiedBy.test(signature))) ?? choices[0]!).context
    },
    areAlike(name, other) {
      const [one, two] = [table.find(name), table.find(other)]
      return one !== undefined && two !== undefined && one.length === two.length && one.every((choice, i) => choice === two[i])
    },
  }
}

/**
 * One certificate each: Node hands a context's last one on to a connection that asked for a name, and not the others. Its context is made with the first
 * handshake: most of a thousand certificates are asked for rarely, and a publish must not stall the thread for all of them.
 */
class Choice {
  readonly verifiedBy: RegExp
  private readonly options: SecureContextOptions
  private made: SecureContext | undefined

  constructor(verifiedBy: RegExp, options: SecureContextOptions) {
    this.verifiedBy = verifiedBy
    this.options = options
  }
  get context(): SecureContext {
    this.made ??= createSecureContext(this.options)
    return this.made
  }
}
/** As OpenSSL writes signature algorithms. */
const VERIFIED_BY = { ecdsa: /^ECDSA\+/, ed25519: /^Ed25519/, rsa: /^RSA/ } as const

/** The first certificate of each kind of key that has the name itself, the cheaper kind to sign with first. */
function oneOfEachAlgorithm(certificates: readonly ServerCertificate[], name: string): ServerCertificate[] {
  const having = certificates.filter(({ names }) => names.includes(name))
  return (['ecdsa', 'ed25519', 'rsa'] as const).flatMap((wanted) => having.find(({ algorithm }) => algorithm === wanted) ?? [])
}
