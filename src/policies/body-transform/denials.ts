// The ways in which body-transform says no: to a request, and in the place of a response.
import type { Denial } from '../../pipeline/contract.ts'

export const denials = {
  invalid: {
    status: 400,
    says: 'The request body is not JSON as this API accepts it.',
    ref: 'RFC 8259; RFC 7493 2',
    mend: 'Send one JSON document in UTF-8 without byte order mark, without members of the same name and without half surrogate pairs, nested no deeper and with no longer names, strings and numbers than the operator allows in `limits`.',
  },
  'too-large': {
    status: 413,
    says: 'The request body is larger than this API accepts.',
    ref: 'OWASP API4:2023',
    mend: 'Send less at a time, or ask the operator to raise `buffer`. A body that the changes would make more than 64 times as long, and longer than 1 MiB, is refused as well.',
  },
  'unsupported-type': {
    status: 415,
    says: 'This API accepts bodies of another media type.',
    ref: 'RFC 9110 15.5.16',
    mend: 'Send the body as `application/json` in UTF-8, with one Content-Type. An operator can let other media types pass with `others: pass`, unchanged.',
  },
  encoded: {
    status: 415,
    says: 'This API accepts bodies without content coding.',
    ref: 'RFC 9110 15.5.16; RFC 7694 3',
    mend: 'Send the body without Content-Encoding.',
  },
  partial: {
    status: 400,
    says: 'This API accepts whole bodies.',
    ref: 'RFC 9110 14.5',
    mend: 'Send the whole body, without Content-Range.',
  },
  'answer-invalid': {
    status: 502,
    says: 'The service gave an answer that cannot be passed on.',
    ref: 'RFC 8259; RFC 9110 15.6.3',
    mend: 'The service behind the gateway said that it answers with JSON, and did not. An answer that has begun is broken off in its place. An operator finds what is refused in the guide on bodies.',
  },
  'answer-too-large': {
    status: 502,
    says: 'The service gave an answer that cannot be passed on.',
    ref: 'RFC 9110 15.6.3',
    mend: 'What the template collects is above `buffer`: an operator can raise it, or ask for less. Or the changes would make the answer more than 64 times as long, and longer than 1 MiB.',
  },
  'answer-encoded': {
    status: 502,
    says: 'The service gave an answer that cannot be passed on.',
    ref: 'RFC 9110 15.6.3',
    mend: 'The service compressed its answer although it was told `Accept-Encoding: identity`. Switch that off there; the gateway compresses with the policy `compress`.',
  },
  'answer-type': {
    status: 502,
    says: 'The service gave an answer that cannot be passed on.',
    ref: 'RFC 9110 15.6.3',
    mend: 'The answer is of a media type that is not changed, and might hold what was to be taken out. An operator can list it in `types`, or let what is no JSON pass with `others: pass`.',
  },
  'answer-partial': {
    status: 502,
    says: 'The service gave an answer that cannot be passed on.',
    ref: 'RFC 9110 14.2',
    mend: 'The service answered with a part although none was asked for. A part cannot be changed: switch ranges off there.',
  },
} as const satisfies Readonly<Record<string, Denial>>
