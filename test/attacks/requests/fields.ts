// Header sections that RFC 9112 5 and RFC 9110 5 forbid: names, values, line ends, folds, sizes.
import { get, type HostileRequest, rows } from '../hostile-request.ts'

/** Every control character but HTAB, CR and LF, which have tables of their own. */
const controls = Array.from({ length: 33 }, (_, index) => (index === 32 ? 0x7f : index)).filter((code) => code !== 9 && code !== 10 && code !== 13)
/** Every visible ASCII character that is no tchar. */
const delimiters = '"(),/;<=>?@[\\]{}'

export const fields: readonly HostileRequest[] = [
  ...rows('RFC 9112 5.1', 'must', [
    ['a space before the colon is refused', get('A : b')],
    ['a tab before the colon is refused', get('A\t: b')],
    ['an empty name is refused', get(': b')],
    ['a name of one space is refused', get(' : b')],
    ['a line without a colon is refused', get('A')],
    ['a line of one colon is refused', get(':')],
    ['a space inside a name is refused', get('A B: c')],
    ['a space before the colon of Host is refused', 'GET /a HTTP/1.1\r\nHost : api.example\r\n\r\n'],
    ['an octet above 127 in a name is refused', get('A\xe9: b')],
    ['UTF-8 in a name is refused', get('\xc3\xa9: b')],
    ['a no-break space at the end of a name is refused', get('A\xa0: b')],
    ['a second request line in place of a field is refused', get('GET /smuggled HTTP/1.1')],
  ]),
  ...rows(
    'RFC 9110 5.6.2 (token)',
    'must',
    [...delimiters].map((character) => [`${character} in a name is refused`, get(`A${character}B: c`)] as const),
  ),
  ...rows(
    'RFC 9110 5.5',
    'must',
    controls.map((code) => [`control character ${code} in a value is refused`, get(`A: b${String.fromCharCode(code)}c`)] as const),
  ),
  ...rows(
    'RFC 9110 5.6.2 (token)',
    'must',
    [0, 1, 8, 11, 12, 27, 31, 127].map((code) => [`control character ${code} in a name is refused`, get(`A${String.fromCharCode(code)}: c`)] as const),
  ),
  ...rows('RFC 9112 5.2', 'must', [
    ['a value folded by a space is refused', get('A: b', ' c')],
    ['a value folded by a tab is refused', get('A: b', '\tc')],
    ['an empty value folded is refused', get('A:', ' b')],
    ['a fold of white space only is refused', get('A: b', '  ')],
    ['a fold behind Host is refused', 'GET /a HTTP/1.1\r\nHost: api.example\r\n evil.example\r\n\r\n'],
    ['a fold that looks like a field is refused', get('A: b', ' Content-Length: 5')],
    ['a fold in the last field is refused', get('A: b', 'B: c', '\t')],
  ]),
  ...rows('RFC 9112 2.2', 'must', [
    ['a field ended by LF is refused', get('A: b\nB: c')],
    ['a field ended by LF CR is refused', get('A: b\n\rB: c')],
    ['a field ended by CR is refused', get('A: b\rB: c')],
    ['a field ended by CR CR LF is refused', get('A: b\r')],
    ['a bare CR at the start of a value is refused', get('A: \rb')],
    ['a bare CR in a name is refused', get('A\rB: c')],
    ['a bare LF in a name is refused', get('A\nB: c')],
    ['a bare CR behind the colon is refused', get('A:\rb')],
    ['a bare LF behind the colon is refused', get('A:\nb')],
    ['an empty line of LF is refused', 'GET /a HTTP/1.1\r\nHost: api.example\r\n\n'],
    ['an empty line of CR is refused', 'GET /a HTTP/1.1\r\nHost: api.example\r\n\rX'],
    ['a head ended by LF LF is refused', 'GET /a HTTP/1.1\r\nHost: api.example\n\n'],
    ['a head ended by CR CR LF is refused', 'GET /a HTTP/1.1\r\nHost: api.example\r\n\r\r\n'],
    ['a second request behind LF LF inside a value is refused', get('A: b\n\nGET /smuggled HTTP/1.1')],
    ['a second request behind CR CR inside a value is refused', get('A: b\r\rGET /smuggled HTTP/1.1')],
  ]),
  ...rows('RFC 9110 5.4; RFC 6585 5 (431)', 'must', [
    ['a field of 256 KiB is too large', get(`A: ${'b'.repeat(262_144)}`), 431],
    ['a name of 256 KiB is too large', get(`${'A'.repeat(262_144)}: b`), 431],
    ['five thousand fields are too many', get(...Array.from({ length: 5000 }, (_, index) => `F-${index}: x`)), 431],
    ['five thousand empty fields are too many', get(...Array.from({ length: 5000 }, () => 'F:')), 431],
    ['a head that never ends is too large', `GET /a HTTP/1.1\r\nHost: api.example\r\n${'A: b\r\n'.repeat(50_000)}`, 431],
    ['white space without end before a value is too large', `GET /a HTTP/1.1\r\nHost: api.example\r\nA:${' '.repeat(262_144)}`, 431],
    ['large fields that are too large only in sum are refused', get(...Array.from({ length: 60 }, (_, index) => `F-${index}: ${'x'.repeat(4000)}`)), 431],
  ]),
]
