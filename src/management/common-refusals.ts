// The refusals that operations share: what the journey of a request itself can answer.
import type { AnyOperation } from './operation.ts'

export const COMMON = {
  misdirected: {
    status: 421,
    says: 'This server does not answer for that host.',
    mend: 'Call the listener by its own address, or by a name that it is configured for. Names that others point at it are refused (DNS rebinding).',
  },
  'in-clear': {
    status: 421,
    says: 'From other machines this is answered under the name of `control.origin` alone.',
    mend: 'Passwords and tokens do not travel in clear: come by the `https://` address that `control.origin` names. What ends TLS there must pass on the `Host` field as it came. A token that was sent in clear is best revoked.',
  },
  'unknown-path': { status: 404, says: 'Nothing is served at this address.', mend: 'See the API description at `/api/openapi.json`.' },
  'method-not-allowed': { status: 405, says: 'This method is not served at this address.', mend: 'The `Allow` field names the methods that are served.' },
  unauthorized: {
    status: 401,
    says: 'A valid credential is needed.',
    mend: 'Send the admin token or a machine token as `Authorization: Bearer`, or sign in. Wrong, expired and revoked credentials are all answered alike.',
  },
  'rate-limited': { status: 429, says: 'Too many requests.', mend: 'Wait as long as `Retry-After` says.' },
  'foreign-origin': {
    status: 403,
    says: 'Requests from other origins are refused.',
    mend: 'Pages of other sites cannot change anything here. A script sends no `Origin`, and a token instead of a cookie.',
  },
  'csrf-token': {
    status: 403,
    says: 'The session’s CSRF token is missing or wrong.',
    mend: 'Read the session and send its CSRF token as `X-CSRF-Token` with everything that changes something.',
  },
  forbidden: { status: 403, says: 'Your permissions do not cover this.', mend: 'Ask an administrator for a role that has the permission the operation names.' },
  'recent-sign-in': {
    status: 403,
    says: 'Confirm who you are once more, then repeat this.',
    mend: 'Confirm with a password and code, or a passkey; it counts for five minutes.',
  },
  unknown: {
    status: 404,
    says: 'There is no such thing, or none that you may see.',
    mend: 'Check the name. What lies beyond your reach looks the same as what does not exist.',
  },
  invalid: { status: 400, says: 'The request is not as it must be.', mend: '`errors` lists every fault with its place.' },
  'body-too-large': { status: 413, says: 'The body is too large.', mend: 'Send less; the description names the bound.' },
  'unsupported-media-type': { status: 415, says: 'The body must be application/json.', mend: 'Send `Content-Type: application/json`, in UTF-8.' },
  'precondition-required': {
    status: 428,
    says: 'Say which state you mean to change: send If-Match with its ETag.',
    mend: 'Read the thing, and send its `ETag` back as `If-Match`; `*` when any state will do.',
  },
  stale: {
    status: 412,
    says: 'It was changed since you read it. Read it anew.',
    mend: 'Somebody changed it meanwhile. Read it again, look at what changed, and decide anew.',
  },
  'idempotency-reused': { status: 422, says: 'This idempotency key was used for another request.', mend: 'Use a new idempotency key for each new request.' },
  'already-done': {
    status: 409,
    says: 'This was done with this idempotency key already, and its answer held a secret that is not told twice.',
    mend: 'Look whether what was made serves you, and else make another with a new key.',
  },
  unavailable: { status: 503, says: 'The store does not answer. Nothing was changed.', mend: 'Try again shortly. The gateway goes on serving meanwhile.' },
  uncertain: {
    status: 503,
    says: 'The store did not say whether the change was kept. Look before you repeat it.',
    mend: 'Read what you meant to change before you repeat the change; with an idempotency key a repetition is harmless.',
  },
  broken: { status: 500, says: 'The request could not be handled.', mend: 'This is a mistake of Gatehouse: its log holds the reason. Please report it.' },
} as const
export type CommonRefusal = keyof typeof COMMON

/** The shared refusals that this operation can answer with. */
export function commonRefusals(operation: AnyOperation): readonly CommonRefusal[] {
  const { method, act, permission, parameters, query, body, refusals } = operation
  const writes = act !== undefined
  const isKept = method === 'POST' && writes
  const tells404 = Object.values(refusals).some(({ status }) => status === 404)
  const all: [CommonRefusal, boolean][] = [
    ['misdirected', true],
    ['in-clear', true],
    ['unauthorized', true],
    ['rate-limited', true],
    ['foreign-origin', method !== 'GET'],
    ['csrf-token', method !== 'GET'],
    ['forbidden', permission !== 'anyone' && !operation.forTokens],
    ['recent-sign-in', operation.recent !== undefined],
    ['unknown', parameters !== undefined && !operation.makes && !tells404],
    ['invalid', true],
    ['body-too-large', body !== undefined],
    ['unsupported-media-type', body !== undefined],
    ['precondition-required', operation.guarded === true],
    ['stale', operation.guarded === true],
    // Without any input, every use of a key is for the same.
    ['idempotency-reused', isKept && (parameters ?? query ?? body) !== undefined],
    ['already-done', isKept && operation.secret === true],
    ['unavailable', true],
    ['uncertain', writes || operation.commits !== undefined],
    ['broken', true],
  ]
  return all.filter(([, can]) => can).map(([code]) => code)
}
