// Content-Length in every odd form: a body's end that two readers could see in two places.
import { type HostileRequest, post, rows, smuggled } from '../hostile-request.ts'

const length = (value: string, payload = 'hello'): string => post([`Content-Length: ${value}`], payload)

export const contentLength: readonly HostileRequest[] = [
  ...rows('RFC 9112 6.3 rule 5', 'must', [
    ['a length with a plus sign is refused', length('+5')],
    ['a length with a minus sign is refused', length('-5')],
    ['minus zero is refused', length('-0')],
    ['a hexadecimal length is refused', length('0x5')],
    ['hexadecimal digits are no length', length('a')],
    ['an octal prefix is refused', length('0o5')],
    ['a list of two equal lengths is refused', length('5,5')],
    ['a list of two equal lengths with a space is refused', length('5, 5')],
    ['a list of two different lengths is refused', length('5, 6')],
    ['a list with an empty member is refused', length('5,')],
    ['a length followed by a word is refused', length('5 x')],
    ['two numbers with a space between are refused', length('5 5')],
    ['a number cut by a tab is refused', length('1\t0')],
    ['a quoted length is refused', length('"5"')],
    ['a length with a fraction is refused', length('5.0')],
    ['a length with an exponent is refused', length('1e1')],
    ['a length with an underscore is refused', length('1_0')],
    ['a length with a semicolon is refused', length('5;')],
    ['an empty length is refused', length('')],
    ['a length of white space is refused', length(' \t ')],
    ['a word as length is refused', length('abc')],
    ['a length with a no-break space is refused', length('\xa05')],
    ['a length with a vertical tab is refused', length('\x0b5')],
    ['a length with a form feed is refused', length('5\x0c')],
    ['a length with a NUL is refused', length('5\x00')],
    ['full-width digits are no length', length('\xef\xbc\x95')],
    ['two equal Content-Length fields are refused', post(['Content-Length: 5', 'Content-Length: 5'], 'hello')],
    ['two different Content-Length fields are refused', post(['Content-Length: 5', 'Content-Length: 6'], 'hello!')],
    ['a second Content-Length in lower case is refused', post(['Content-Length: 5', 'content-length: 0'], 'hello')],
    ['a second Content-Length far from the first is refused', post(['Content-Length: 0', 'Accept: */*', 'A: b', 'CONTENT-LENGTH: 49'], smuggled)],
    ['an empty second Content-Length is refused', post(['Content-Length: 5', 'Content-Length:'], 'hello')],
  ]),
  ...rows('RFC 9110 8.6', 'must', [
    ['a length just past 64 bits does not wrap to 5', length('18446744073709551621'), [400, 413]],
    ['a length just past 2^53 is refused', length('9007199254740993'), [400, 413]],
    ['a length of 100 nines is refused', length('9'.repeat(100)), [400, 413]],
    ['a length of 63 bits is refused', length('9223372036854775808'), [400, 413]],
  ]),
  ...rows('RFC 9112 5.1', 'must', [
    ['a space before the colon of Content-Length is refused', post(['Content-Length : 5'], 'hello')],
    ['a tab before the colon of Content-Length is refused', post(['Content-Length\t: 5'], 'hello')],
    ['a Content-Length with a leading space in its name is refused', post(['A: b', ' Content-Length: 5'], 'hello')],
    ['a Content-Length with a NUL in its name is refused', post(['Content\x00-Length: 5'], 'hello')],
    ['a Content-Length without a colon is refused', post(['Content-Length 5'], 'hello')],
    ['a Content-Length with a full stop after a colon in the name is refused', post(['Content-Length:: 5'], 'hello')],
  ]),
  ...rows(
    'RFC 9110 5.1; hardening: _ equals - in what the gateway believes',
    'may',
    [['Content_Length is no Content-Length and does not reach an upstream that thinks it is', get5('Content_Length: 49'), [400, 200]]],
    { hides: 'content_length' },
  ),
]

function get5(field: string): string {
  return post([field, 'Content-Length: 5'], 'hello')
}
