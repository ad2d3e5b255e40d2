// Fields in every legal form: names, values, white space, repeats, sizes (RFC 9110 5, RFC 9112 5).
import { type HonestRequest, honest } from '../honest-request.ts'

const carries = (name: string, line: string, field: readonly [string, string]): HonestRequest => honest(name, { lines: [line] }, { fields: [field] })

const whiteSpace: readonly (readonly [string, string])[] = [
  ['X-A: b', 'b'],
  ['X-A:b', 'b'],
  ['X-A:\tb', 'b'],
  ['X-A:  b', 'b'],
  ['X-A: \t b', 'b'],
  ['X-A: b ', 'b'],
  ['X-A: b\t', 'b'],
  ['X-A: b \t ', 'b'],
  ['X-A:\t\tb\t\t', 'b'],
  ['X-A: b c', 'b c'],
  ['X-A: b  c', 'b  c'],
  ['X-A: b\tc', 'b\tc'],
  ['X-A:', ''],
  ['X-A: ', ''],
  ['X-A:\t', ''],
  ['X-A: \t \t', ''],
]
const values = [
  ':',
  '::',
  'b:c',
  ',',
  ', ,',
  ';',
  '"quoted, with comma"',
  '"unterminated',
  '(comment)',
  'a=b; c="d"',
  '0',
  '=?utf-8?q?x?=',
  'GET / HTTP/1.1',
  'Content-Length: 5',
  'chunked',
  'http://api.example/?a#b',
  '<script>',
  '\\',
  '%00',
  '%0d%0aX-Evil: 1',
  `\${jndi:ldap://x}`,
  '\xe9t\xe9',
  'caf\xc3\xa9',
  '\x80',
  '\xff\xfe',
  '\xe2\x80\xa8',
]

export const fieldForms: readonly HonestRequest[] = [
  ...whiteSpace.map(([line, value]) => carries(`the white space of ${JSON.stringify(line)}`, line, ['X-A', value])),
  ...[..."!#$%&'*+-.^_`|~09azAZ"].map((character) => carries(`${character} in a name`, `X${character}B: c`, [`X${character}B`, 'c'])),
  ...['x', 'X', 'x-lower', 'X-UPPER', '1', '-', '!', `X-${'n'.repeat(200)}`].map((name) => carries(`the name ${name.slice(0, 20)}`, `${name}: v`, [name, 'v'])),
  ...Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).map((character) =>
    carries(`${character} in a value`, `X-A: b${character}c`, ['X-A', `b${character}c`]),
  ),
  ...Array.from({ length: 16 }, (_, row) => Array.from({ length: 8 }, (_, column) => String.fromCharCode(128 + row * 8 + column)).join('')).map((octets, row) =>
    carries(`the octets ${128 + row * 8} to ${135 + row * 8} in a value`, `X-A: ${octets}`, ['X-A', octets]),
  ),
  ...values.map((value) => carries(`the value ${JSON.stringify(value)}`, `X-A: ${value}`, ['X-A', value])),
  ...[100, 1000, 4000, 7000].map((size) => carries(`a value of ${size} octets`, `X-A: ${'v'.repeat(size)}`, ['X-A', 'v'.repeat(size)])),
  ...[10, 30, 60].map((count) => {
    const fields = Array.from({ length: count }, (_, index) => [`X-F-${index}`, `value ${index}`] as const)
    return honest(`${count} fields`, { lines: fields.map((field) => field.join(': ')) }, { fields })
  }),
  honest(
    'a name three times, in order',
    { lines: ['X-A: 1', 'X-A: 2', 'x-a: 3'] },
    {
      fields: [
        ['X-A', '1'],
        ['X-A', '2'],
        ['X-A', '3'],
      ],
    },
  ),
  honest(
    'an empty value between two of its name',
    { lines: ['X-A: 1', 'X-A:', 'X-A: 3'] },
    {
      fields: [
        ['X-A', '1'],
        ['X-A', ''],
        ['X-A', '3'],
      ],
    },
  ),
  honest('a cookie of several pairs', { lines: ['Cookie: a=b; c=d'] }, { fields: [['Cookie', 'a=b; c=d']] }),
  honest('credentials for the upstream', { lines: ['Authorization: Basic dXNlcjpwYXNz'] }, { fields: [['Authorization', 'Basic dXNlcjpwYXNz']] }),
  honest(
    'what a browser sends',
    {
      lines: [
        'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)',
        'Accept: text/html,*/*;q=0.8',
        'Accept-Language: en',
        'Accept-Encoding: gzip, br',
        'Sec-Fetch-Mode: navigate',
        'Upgrade-Insecure-Requests: 1',
        'Priority: u=0, i',
      ],
    },
    {
      fields: [
        ['Accept', 'text/html,*/*;q=0.8'],
        ['Priority', 'u=0, i'],
        ['Upgrade-Insecure-Requests', '1'],
      ],
    },
  ),
  honest('fields apart in an underscore only', { lines: ['X-My-Field: 1', 'Other_Field: 2'] }, { fields: [['X-My-Field', '1']] }),
]
