// Every method that is a token, with and without a body (RFC 9110 9, RFC 9110 9.1).
import { type HonestRequest, honest } from '../honest-request.ts'

const standard = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']
const registered = ['PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'SEARCH', 'REPORT', 'MERGE', 'M-SEARCH', 'QUERY', 'LINK', 'PURGE']
const unknown = ['FOO', 'get', 'X', 'VERSION-CONTROL', "A!#$%&'*+-.^_`|~9", 'GETGETGETGETGETGETGETGET']

/** Those that the API of these tests declares: the seven of the default and the rest by name. */
export const everyMethod: readonly string[] = [...standard, ...registered, ...unknown]

export const methods: readonly HonestRequest[] = [
  ...everyMethod.map((method) => honest(`${method} without a body`, { method })),
  ...[...standard, ...registered].map((method) =>
    honest(`${method} with a body of a stated length`, { method, lines: ['Content-Length: 5'], payload: 'hello' }, { body: 'hello' }),
  ),
  ...standard.map((method) =>
    honest(`${method} with a chunked body`, { method, lines: ['Transfer-Encoding: chunked'], payload: '5\r\nhello\r\n0\r\n\r\n' }, { body: 'hello' }),
  ),
  ...standard.map((method) => honest(`${method} with a length of 0`, { method, lines: ['Content-Length: 0'] })),
]
