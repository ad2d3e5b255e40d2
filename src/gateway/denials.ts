// Every way in which the gateway itself, rather than a policy, says no after a request was understood.

import { certificateProblems } from '../model/client-certificate.ts'
import type { Refusal } from '../pipeline/contract.ts'

/** `says` is public; `mend` goes into the code's page. */
export interface GatewayDenial {
  readonly status: number
  readonly says: string
  readonly ref: string
  readonly mend: string
}

export const denials = {
  'route.unknown': {
    status: 404,
    says: 'Nothing is served at this address.',
    ref: 'OWASP API9:2023',
    mend: 'Check host and path. An API with an OpenAPI document serves only the operations that the document declares.',
  },
  'route.method-not-allowed': {
    status: 405,
    says: 'This method is not served at this address.',
    ref: 'RFC 9110 15.5.6',
    mend: 'The `Allow` field of the response lists the methods that are.',
  },
  'route.ambiguous-target': {
    status: 400,
    says: 'The path is spelled in a way that this API does not accept.',
    ref: 'RFC 3986 6.2',
    mend: 'Send the path without dot segments, doubled slashes, `;` parameters or encoded slashes. An operator can allow a spelling by name in `allowInTarget`.',
  },
  'version.missing': {
    status: 400,
    says: 'The request does not say which version of this API it means.',
    ref: 'OWASP API9:2023',
    mend: 'Name a version in the way that the API’s documentation says: a field, a query parameter, or a media type. An operator can name a `default`.',
  },
  'version.unknown': {
    status: 404,
    says: 'This API has no such version.',
    ref: 'OWASP API9:2023',
    mend: 'Check the spelling, case included, against the API’s documentation.',
  },
  'version.ambiguous': {
    status: 400,
    says: 'The request names its version more than once, or in a way that is not the only reading.',
    ref: 'RFC 9110 5.3; OWASP API9:2023',
    mend: 'Name one version, once, spelled plainly: no list, no percent-encoding, no second line or parameter of a similar name, no weight of 0.',
  },
  'request.body-too-large': {
    status: 413,
    says: 'The request body is larger than this API accepts.',
    ref: 'OWASP API4:2023',
    mend: 'Send less, or ask the operator to raise `gateway.limits.body`.',
  },
  'request.in-clear': {
    status: 403,
    says: 'This is served over HTTPS alone.',
    ref: 'OWASP ASVS v5.0.0-12.2.1; RFC 9325 3.2',
    mend: 'Send the request to the https:// address. Replace the credential, if it had one: everybody on the way could read it. The operator decides with `https` of a listener, and names proxies that end TLS in `trustedProxies`.',
  },
  'request.misdirected': {
    status: 421,
    says: 'The connection was made for another host than this request is for.',
    ref: 'RFC 9110 7.4 and 15.5.20',
    mend: 'Send the request on a connection of its own, whose handshake asks for the name in `Host` (SNI). Browsers do so by themselves.',
  },
  'certificate.missing': {
    status: 403,
    says: 'A client certificate is needed here.',
    ref: 'RFC 8446 4.4.2.4; OWASP API2:2023',
    mend: 'Show a certificate of an authority that is believed here in the handshake. The operator asks every client of this listener for one: `clients: { mode: required }`.',
  },
  'certificate.ambiguous': {
    status: 400,
    says: 'The client certificate was forwarded more than once, or in a form that cannot be read.',
    ref: 'RFC 9440 2; RFC 9651 4.2',
    mend: 'The proxy in front sends one field `Client-Cert`, which takes the place of any that its client sent: a certificate in DER form, base64, between colons.',
  },
  ...withPrefix(certificateProblems),
  'request.suspected': {
    status: 503,
    says: 'This request is not handled at present.',
    ref: 'OWASP API4:2023',
    mend: 'Twice a gateway thread died while it had a request with this method and target in hand; it is refused for ten minutes. The operator finds why in the log, at "died": please report it.',
  },
  'upstream.unreachable': {
    status: 502,
    says: 'The service behind this API cannot be reached.',
    ref: 'RFC 9110 15.6.3',
    mend: 'The upstream refused the connection, broke it, or its name does not resolve: see the access log entry with this request id.',
  },
  'upstream.untrusted': {
    status: 502,
    says: 'The service behind this API cannot be verified.',
    ref: 'RFC 9110 15.6.3; OWASP ASVS v5.0.0-12.3.2; OWASP API10:2023',
    mend: 'The TLS handshake with the upstream failed, and nothing of the request was sent. The log names the upstream and the reason, `gatehouse_upstream_distrust_total` counts by reason; the guide, at "HTTPS to upstreams", says what mends each.',
  },
  'upstream.invalid': {
    status: 502,
    says: 'The service behind this API gave no valid answer.',
    ref: 'RFC 9112 6.3',
    mend: 'The upstream sent a response that is malformed or whose end is ambiguous; it is not passed on. The log names the rule it broke.',
  },
  'upstream.timeout': {
    status: 504,
    says: 'The service behind this API did not answer in time.',
    ref: 'RFC 9110 15.6.5',
    mend: 'Look at the upstream, or raise `upstream.timeouts`.',
  },
  'upstream.busy': {
    status: 503,
    says: 'Too many requests are waiting for the service behind this API.',
    ref: 'OWASP API4:2023',
    mend: 'All connections to the upstream are in use and the queue is full: raise `upstream.connections` or `upstream.queue`, or add capacity.',
  },
  'upstream.unavailable': {
    status: 503,
    says: 'No server behind this API takes requests at the moment.',
    ref: 'RFC 9110 15.6.4',
    mend: 'Every target of the upstream is draining, or known not to answer, or its SRV records could not be looked up: `listTargets` and `gatehouse_upstream_target_up` say which.',
  },
  'access.ended': {
    status: 403,
    says: 'What allowed this request has ended.',
    ref: 'OWASP API2:2023',
    mend: 'While the request was under way its credential was revoked or expired, its address was denied, or the API was taken away. An answer that had begun is broken off with this code in the access log; a WebSocket is closed with 1008.',
  },
  'websocket.handshake': {
    status: 400,
    says: 'The WebSocket handshake is malformed.',
    ref: 'RFC 6455 4.2.1',
    mend: 'Send `Sec-WebSocket-Key` once, sixteen octets in base64, as every WebSocket library does.',
  },
  'websocket.version': {
    status: 426,
    says: 'WebSocket is spoken here in version 13 alone.',
    ref: 'RFC 6455 4.4',
    mend: 'Send `Sec-WebSocket-Version: 13`, once.',
  },
  'websocket.origin': {
    status: 403,
    says: 'Pages of this origin may not open a WebSocket here.',
    ref: 'RFC 6455 10.2; OWASP ASVS v5.0.0-4.4.2',
    mend: 'A browser told which page asked. The operator names it in `websocket.origins` of the API; without that, pages of the very host that is asked may, and https pages alone where the API is reached by https.',
  },
  'gateway.broken': {
    status: 500,
    says: 'The request could not be handled.',
    ref: 'OWASP ASVS v5.0.0-16.5.4',
    mend: 'A fault inside the gateway, refused rather than let through: please report it with the log entry of this request id.',
  },
} as const satisfies Record<string, GatewayDenial>

type Problems = typeof certificateProblems
/** The texts of one certificate's problems, as refusals of a listener that takes nobody without a good one. */
function withPrefix(problems: Problems): { readonly [K in keyof Problems as `certificate.${K}`]: GatewayDenial } {
  const entries = Object.entries(problems).map(([code, text]) => [`certificate.${code}`, { status: 403, ...text }])
  return Object.fromEntries(entries)
}

export type GatewayCode = keyof typeof denials

/** Each of them as a refusal, made once. */
export const refusals: ReadonlyMap<GatewayCode, Refusal> = new Map(
  (Object.keys(denials) as GatewayCode[]).map((code) => [
    code,
    { kind: 'refusal', code, status: denials[code].status, says: denials[code].says, absent: false, fields: [] },
  ]),
)
