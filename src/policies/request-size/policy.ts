// request-size: caps how large a request's body and head may be.
import { type Infer, object, optional, size } from '../../base/schema.ts'
import { definePolicy } from '../../pipeline/contract.ts'

const config = object({
  body: optional(size({ describe: 'The most octets of body, declared or streamed, as they come over the wire.' })),
  head: optional(
    size({ minBytes: 256, maxBytes: 256 * 1024, describe: 'The most octets of head, request line included. The gateway’s own limit stands above it.' }),
  ),
})

export const requestSize = definePolicy<Infer<typeof config>, never, 'body-too-large' | 'head-too-large'>({
  name: 'request-size',
  stage: 'admit',
  summary: 'Caps how large a request’s body and head may be.',
  when: 'Whenever you know what an API’s requests look like: what is larger than they ever are is a mistake or an attack, and the upstream need not see it.',
  config,
  uses: [],
  denials: {
    'body-too-large': {
      status: 413,
      says: 'The request body is larger than this API accepts.',
      ref: 'OWASP API4:2023',
      mend: 'Send less at a time, or ask the operator to raise `request-size.body`.',
    },
    'head-too-large': {
      status: 431,
      says: 'The request head is larger than this API accepts.',
      ref: 'RFC 6585 5',
      mend: 'Send fewer or shorter fields (cookies, mostly), or ask the operator to raise `request-size.head`.',
    },
  },
  examples: [
    {
      title: 'A body that is declared too large is refused before it is sent',
      config: { body: '1KiB' },
      send: { method: 'POST', headers: { 'Content-Length': '1025' } },
      expect: { status: 413, code: 'request-size.body-too-large' },
    },
    {
      title: 'A body of exactly the limit passes',
      config: { body: '1KiB' },
      send: { method: 'POST', headers: { 'Content-Length': '1024' } },
      expect: { status: 200 },
    },
    {
      title: 'A head above the limit is refused',
      config: { head: '256B' },
      send: { headers: { Cookie: 'a'.repeat(256) } },
      expect: { status: 431, code: 'request-size.head-too-large' },
    },
  ],
  related: ['rate-limit'],
  faults({ body, head }) {
    return body === undefined && head === undefined ? [{ code: 'empty', message: "request-size needs 'body' or 'head': without either it caps nothing" }] : []
  },
  compile({ body, head }, { deny }) {
    const bodyRefusal = deny('body-too-large')
    const headRefusal = deny('head-too-large')
    const bodyMax = body ?? Number.POSITIVE_INFINITY
    const headMax = head ?? Number.POSITIVE_INFINITY
    return {
      request({ head: given }) {
        if (given.end - given.start > headMax) return headRefusal
        return given.contentLength > bodyMax ? bodyRefusal : undefined
      },
      // What is declared is judged above; what is streamed, the gateway counts.
      ...(body !== undefined && { bodyBytesMax: { bytes: body, refusal: bodyRefusal } }),
    }
  },
})
