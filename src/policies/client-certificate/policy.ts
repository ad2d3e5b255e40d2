// client-certificate: knows the calling application by the certificate that it shows in its handshake, or that a trusted proxy forwards.
import { boolean, checked, type Infer, list, object, oneOf, optional, string } from '../../base/schema.ts'
import { type CertificateProblem, type ClientCertificate, certificateDigest, certificateProblems } from '../../model/client-certificate.ts'
import { NAME } from '../../model/names.ts'
import { type Denial, definePolicy, type Refusal } from '../../pipeline/contract.ts'
import { principalOf } from '../../pipeline/principals.ts'
import { Principal, ShownCertificate } from '../../pipeline/slots.ts'
import type { FoundKey } from '../../ports/credentials.ts'

const config = object({
  required: optional(
    boolean('False lets callers pass who show no certificate; one that is shown must still be good. Such a policy protects nothing by itself.'),
    true,
  ),
  match: optional(
    oneOf(
      ['thumbprint', 'subject', 'san'],
      'What a consumer is known by: the very certificate, its subject, or one of its alternative names. Under `consumers` stands the same: `certificates`.',
    ),
    'thumbprint',
  ),
  trust: optional(
    checked(list(string({ pattern: NAME, means: 'the name of a trust store', maxLength: 64 }), { min: 1, max: 100 }), (names) => {
      const again = names.findIndex((name, i) => names.indexOf(name) < i)
      return again < 0 ? undefined : { code: 'duplicate-item', message: `'${names[again]}' stands here twice`, at: [again] }
    }),
  ),
  forward: optional(boolean('True sends the certificate on to the upstream, in `Client-Cert` (RFC 9440).'), false),
})
type Config = Infer<typeof config>

/** A certificate with more names than that is nobody's in particular. */
const NAMES_MAX = 100

type Code = 'missing' | CertificateProblem | 'unknown' | 'ambiguous' | 'not-allowed'
const problems = Object.fromEntries(Object.entries(certificateProblems).map(([code, text]) => [code, { status: 401, ...text }])) as {
  readonly [K in CertificateProblem]: Denial
}

export const clientCertificate = definePolicy<Config, 'credentials', Code>({
  name: 'client-certificate',
  stage: 'identify',
  summary: 'Knows the calling application by its certificate (mutual TLS).',
  when: 'Between machines that can keep a private key: nothing that could be stolen crosses the network. The listener asks clients for certificates and says who is believed (`clients`), or a proxy forwards them; this policy says which consumer a certificate belongs to.',
  config,
  uses: ['credentials'],
  writes: [Principal],
  denials: {
    missing: {
      status: 401,
      says: 'A client certificate is needed.',
      ref: 'RFC 9110 15.5.2; RFC 8446 4.3.2',
      mend: 'Show a certificate in the handshake, with `curl --cert FILE --key FILE` for one. The listener must ask for it: `clients: { mode: optional }` at least.',
      absent: true,
    },
    ...problems,
    unknown: {
      status: 401,
      says: 'No consumer is known by this client certificate.',
      ref: 'OWASP API2:2023',
      mend: 'The certificate is good, but it stands under no consumer, or the consumer’s entry has expired: the operator adds its thumbprint, subject or alternative name, whichever `match` says.',
    },
    ambiguous: {
      status: 401,
      says: 'Several consumers are known by this client certificate.',
      ref: 'OWASP API2:2023',
      mend: 'The certificate holds names of more than one consumer: which of them counts is not for the gateway to guess. Issue one certificate for each.',
    },
    'not-allowed': {
      status: 403,
      says: 'This client certificate may not be used here.',
      ref: 'OWASP API5:2023',
      mend: 'The certificate is that of a consumer who has no access to this API: ask the operator to list the API under the consumer.',
    },
  },
  examples: [
    { title: 'Without a certificate', config: {}, send: {}, expect: { status: 401, code: 'client-certificate.missing' } },
    { title: 'Without one, where that is allowed', config: { required: false }, send: {}, expect: { status: 200 } },
    {
      title: 'A certificate that the caller claims in a field',
      config: { match: 'subject', trust: ['partners'] },
      send: { headers: { 'Client-Cert': ':MIIBqDCCAU6gAwIBAgIBBzAK:' } },
      expect: { status: 401, code: 'client-certificate.missing' },
    },
  ],
  related: ['api-key', 'ip-filter'],
  trustStores: ({ trust = [] }) => trust.map((name, i) => ({ name, path: ['trust', i] })),
  letsStrangersPass: ({ required }) => !required,
  compile({ required, match, trust, forward }, { credentials, api, grants, deny }) {
    // RFC 9110 11.6.1: a 401 carries a challenge. No scheme is registered for this; the name says what is wanted.
    const challenge = { fields: [['WWW-Authenticate', `ClientCertificate realm="${api.replace(/["\\]/g, '\\$&')}"`]] } as const
    const denied = Object.fromEntries((Object.keys(certificateProblems) as CertificateProblem[]).map((code) => [code, deny(code, challenge)])) as {
      readonly [K in CertificateProblem]: Refusal
    }
    const missing = deny('missing', challenge)
    const unknown = deny('unknown', challenge)
    const ambiguous = deny('ambiguous', challenge)
    const notAllowed = deny('not-allowed')
    // What the directory is asked for, made once for each certificate. Not on the certificate: connections outlive publications, each of which compiles anew.
    const known = new WeakMap<ClientCertificate, readonly string[]>()
    const digestsOf = (shown: ClientCertificate): readonly string[] => {
      const before = known.get(shown)
      if (before !== undefined) return before
      const made = digests(shown, match, trust)
      known.set(shown, made)
      return made
    }
    /** Whose certificate it is, or why nobody's. */
    const recognise = (shown: ClientCertificate, nowMs: number): FoundKey | Refusal => {
      if (shown.problem !== undefined) return denied[shown.problem]
      if (trust !== undefined && !trust.some((name) => shown.trust.includes(name))) return denied.untrusted
      let found: FoundKey | undefined
      for (const digest of digestsOf(shown)) {
        const one = credentials.findKey(digest, nowMs)
        if (one === undefined) continue
        if (found !== undefined && found.consumer.name !== one.consumer.name) return ambiguous
        found ??= one
      }
      if (found === undefined) return unknown
      const { consumer } = found
      return grants.some((grant) => consumer.apis.has(grant)) ? found : notAllowed
    }
    return {
      request(x) {
        const shown = x.get(ShownCertificate)
        if (shown === undefined) return required ? missing : undefined
        const found = recognise(shown, x.nowUs / 1000)
        if ('kind' in found) return found
        x.set(Principal, principalOf(found, 'client-certificate'))
        if (forward) x.tellUpstream('Client-Cert', lineOf(shown))
        return undefined
      },
      still(x, nowMs) {
        const shown = x.get(ShownCertificate)
        return shown === undefined ? !required : !('kind' in recognise(shown, nowMs))
      },
    }
  },
})

function digests(shown: ClientCertificate, match: Config['match'], trust: readonly string[] | undefined): string[] {
  if (match === 'thumbprint') return [certificateDigest({ kind: 'thumbprint', thumbprint: shown.thumbprint })]
  const names = match === 'san' ? shown.names.slice(0, NAMES_MAX) : shown.subject === '' ? [] : [shown.subject]
  // hardening.md: a name is always matched together with who wrote it.
  const stores = trust === undefined ? shown.trust : shown.trust.filter((store) => trust.includes(store))
  return stores.flatMap((store) => names.map((name) => certificateDigest({ kind: match, name, trust: store })))
}

/** RFC 9440 2.2: the certificate in DER form as a byte sequence. */
function lineOf(shown: ClientCertificate & { [LINE]?: string }): string {
  return (shown[LINE] ??= `:${Buffer.from(shown.raw).toString('base64')}:`)
}
const LINE = Symbol('line')
