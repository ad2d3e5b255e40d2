// Who is believed about the certificates of clients: a file or a trust store, revocation lists, and how old these may be.
import { checked, duration, type Infer, list, object, oneOf, optional, type Schema, string } from '../../base/schema.ts'
import { NAME } from './consumer-schema.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const file = (means: string, describe: string) => string({ pattern: /^[^\0]+$/, maxLength: 4096, means, describe })

const shape = {
  ca: optional(file('the path of a PEM file', 'PEM: the certificates of the authorities whose clients are believed. This or `trust`.')),
  trust: optional(
    string({ pattern: NAME, means: 'the name of a trust store', maxLength: 64, describe: 'The trust store whose clients are believed. This or `ca`.' }),
  ),
  crl: optional(
    list(file('the path of a revocation list', 'A file of revocation lists, in PEM or DER form.'), {
      min: 1,
      max: 100,
      describe:
        'Files of certificate revocation lists (RFC 5280 5). Every authority between a client and the trust store needs one there: who is on none that is current is refused. The files are watched.',
    }),
  ),
  ocsp: optional(
    object(
      {
        responder: optional(
          checked(
            string({ maxLength: 1000, means: 'an http:// or https:// address', describe: 'Who is asked. Left out: the responder that the certificate names.' }),
            (text) =>
              /^https?:$/.test(URL.parse(text)?.protocol ?? '')
                ? undefined
                : { code: 'bad-url', message: `${JSON.stringify(text.slice(0, 60))} is no http:// or https:// address` },
          ),
        ),
        whenUnknown: optional(
          oneOf(
            ['refuse', 'accept'],
            'What becomes of a client about whom nobody gives an answer that can be believed: `refuse`, or `accept` as if nobody had been asked.',
          ),
          'refuse',
        ),
      },
      'Responders are asked whether a certificate was revoked (OCSP, RFC 6960), where no revocation list covers it. The first request of a client waits for the answer; later ones do not. `egress.allowPrivate` says which private networks may be asked.',
    ),
  ),
  staleness: optional(
    duration({
      minMs: 0,
      maxMs: 30 * DAY_MS,
      describe:
        'For how long a revocation list, or the answer of a responder, still counts after its end while there is no newer one; then its clients are refused. Left out: not at all.',
    }),
  ),
}
const mode = oneOf(
  ['required', 'optional'],
  '`required`: no request without a certificate that is believed, whatever it asks for. `optional`: clients are asked, and the policy `client-certificate` of an API says who must have one.',
)

interface Wanted {
  readonly ca?: string | undefined
  readonly trust?: string | undefined
  readonly crl?: readonly string[] | undefined
  readonly staleness?: number | undefined
  readonly ocsp?: object | undefined
}
function fault({ ca, trust, crl, staleness, ocsp }: Wanted): { code: string; message: string; at?: [string] } | undefined {
  if (ca === undefined && trust === undefined) return { code: 'empty', message: "nobody would be believed: say 'ca' (a file) or 'trust' (a trust store)" }
  if (ca !== undefined && trust !== undefined) return { code: 'contradiction', message: "'ca' and 'trust' both say who is believed", at: ['trust'] }
  if (staleness !== undefined && crl === undefined && ocsp === undefined)
    return {
      code: 'contradiction',
      message: "'staleness' is that of revocation lists and of answers, and neither 'crl' nor 'ocsp' is there",
      at: ['staleness'],
    }
  return undefined
}

const asked = object({ mode: optional(mode, 'required'), ...shape }, 'Clients are asked for a certificate (mutual TLS).')
export const listenerClients: Schema<Infer<typeof asked>> = checked(asked, fault)

const forwarded = object(shape, 'Certificates that `trustedProxies` forward in `Client-Cert` (RFC 9440) are read. Left out: nobody is believed about them.')
export const forwardedClients: Schema<Infer<typeof forwarded>> = checked(forwarded, fault)
export type ClientTrustSection = Infer<typeof forwardedClients>
