// Host in every legal form, targets in absolute form that agree with it, and HTTP/1.0 (RFC 9110 7.2, RFC 3986 3.2.2, RFC 9112 3.2).
import { type HonestRequest, honest } from '../honest-request.ts'

const hosts = [
  'api.example',
  'API.EXAMPLE',
  'Api.eXample',
  'api.example.',
  'api.example:80',
  'api.example:8080',
  'api.example:65535',
  'api.example:',
  'localhost',
  'localhost:0080',
  'a',
  'a-b.example',
  'a_b.example',
  '_srv.api.example',
  'xn--mnchen-3ya.example',
  '1.example',
  '127.0.0.1',
  '127.0.0.1:8080',
  '255.255.255.255',
  '[::1]',
  '[::1]:8080',
  '[::1]:',
  '[::]',
  '[2001:db8::1]',
  '[2001:DB8::A]',
  '[2001:db8:0:0:0:0:0:1]',
  '[1:2:3:4:5:6:7:8]:443',
  '[::ffff:192.0.2.1]',
  '[fe80::1]',
  "a!$&'()*+=b.example",
  `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.example`,
]
/** Target, Host and the origin-form that must arrive. */
const absolutes: readonly (readonly [target: string, host: string, origin: string])[] = [
  ['http://api.example/a', 'api.example', '/a'],
  ['http://api.example/', 'api.example', '/'],
  ['http://api.example', 'api.example', '/'],
  ['http://api.example?b=c', 'api.example', '/?b=c'],
  ['http://api.example/a?b=c', 'api.example', '/a?b=c'],
  ['http://api.example:8080/a', 'api.example:8080', '/a'],
  ['http://API.EXAMPLE/a', 'api.example', '/a'],
  ['http://api.example/a', 'API.example', '/a'],
  ['HTTP://api.example/a', 'api.example', '/a'],
  ['hTTp://api.example/a', 'api.example', '/a'],
  ['http://[::1]/a', '[::1]', '/a'],
  ['http://[::1]:8080/a', '[::1]:8080', '/a'],
  ['http://127.0.0.1:8080/a?b', '127.0.0.1:8080', '/a?b'],
  ['http://api.example/%41', 'api.example', '/A'],
  ['http://api.example/a?next=http://other.example/', 'api.example', '/a?next=http://other.example/'],
]

export const hostForms: readonly HonestRequest[] = [
  ...hosts.map((host) => honest(`Host: ${host.slice(0, 60)}`, { host: `Host: ${host}` })),
  ...['host: api.example', 'HOST: api.example', 'hOsT:api.example', 'Host:\tapi.example', 'Host: \t api.example \t'].map((host) =>
    honest(`the line ${JSON.stringify(host)}`, { host }),
  ),
  honest('Host as the last of several fields', { host: '', lines: ['A: b', 'C: d', 'Host: api.example'] }),
  ...absolutes.map(([target, host, origin]) => honest(`the target ${target} beside Host: ${host}`, { target, host: `Host: ${host}` }, { target: origin })),
  ...absolutes
    .slice(0, 4)
    .map(([target, host, origin]) =>
      honest(
        `POST to ${target}`,
        { method: 'POST', target, host: `Host: ${host}`, lines: ['Content-Length: 5'], payload: 'hello' },
        { target: origin, body: 'hello' },
      ),
    ),
  honest('HTTP/1.0 without Host', { version: 'HTTP/1.0', host: '' }, {}, false),
  honest('HTTP/1.0 without Host but with a field', { version: 'HTTP/1.0', host: '', lines: ['A: b'] }, { fields: [['A', 'b']] }, false),
  honest('HTTP/1.0 with Host', { version: 'HTTP/1.0' }, {}, false),
  honest('HTTP/1.0 with Connection: close', { version: 'HTTP/1.0', lines: ['Connection: close'] }, {}, false),
  honest('HTTP/1.0 with keep-alive', { version: 'HTTP/1.0', lines: ['Connection: keep-alive'] }),
  honest('HTTP/1.0 with Keep-Alive in capitals', { version: 'HTTP/1.0', lines: ['Connection: Keep-Alive'] }),
  honest('HTTP/1.0 with keep-alive in a list', { version: 'HTTP/1.0', lines: ['Connection: x, keep-alive'] }),
  honest('HTTP/1.0 with a body', { method: 'POST', version: 'HTTP/1.0', lines: ['Content-Length: 5'], payload: 'hello' }, { body: 'hello' }, false),
  honest(
    'HTTP/1.0 with a body and keep-alive',
    { method: 'POST', version: 'HTTP/1.0', lines: ['Connection: keep-alive', 'Content-Length: 5'], payload: 'hello' },
    { body: 'hello' },
  ),
  honest('HTTP/1.0 HEAD', { method: 'HEAD', version: 'HTTP/1.0' }, {}, false),
  honest(
    'HTTP/1.0 with an expectation, which is ignored',
    { method: 'POST', version: 'HTTP/1.0', lines: ['Expect: 100-continue', 'Content-Length: 5'], payload: 'hello' },
    { body: 'hello' },
    false,
  ),
]
