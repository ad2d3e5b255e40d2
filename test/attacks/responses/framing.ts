// Responses that end in two places, too early, or not where they say (RFC 9112 6, 7.1).
import { type HostileResponse, ok, poison, responses } from '../hostile-response.ts'

const chunkedHead = ok(['Transfer-Encoding: chunked'])
const chunked = (payload: string): string => chunkedHead + payload
const good = '5\r\nhello\r\n0\r\n\r\n'
const length = (value: string): string => ok([`Content-Length: ${value}`], 'hello')

export const framing: readonly HostileResponse[] = [
  ...responses('RFC 9112 6.3', 'refused', 'keep', [
    ['Content-Length and Transfer-Encoding', ok(['Content-Length: 5', 'Transfer-Encoding: chunked'], good)],
    ['Transfer-Encoding and Content-Length', ok(['Transfer-Encoding: chunked', 'Content-Length: 5'], good)],
    ['two different lengths', ok(['Content-Length: 5', 'Content-Length: 6'], 'hello!')],
    ['two equal lengths', ok(['Content-Length: 5', 'Content-Length: 5'], 'hello')],
    ['a list of lengths', length('5, 5')],
    ['a signed length', length('+5')],
    ['a negative length', length('-5')],
    ['a hexadecimal length', length('0x5')],
    ['an empty length', length('')],
    ['a length with a word', length('5 octets')],
    ['a length past 64 bits', length('18446744073709551621')],
    ['a length past 2^53', length('9007199254740993')],
    ['a length with a NUL', length('5\x00')],
    ['an unknown coding', ok(['Transfer-Encoding: xchunked'], good)],
    ['identity', ok(['Transfer-Encoding: identity'], 'hello')],
    ['gzip before chunked', ok(['Transfer-Encoding: gzip, chunked'], good)],
    ['chunked that is not last', ok(['Transfer-Encoding: chunked, gzip'], good)],
    ['chunked twice', ok(['Transfer-Encoding: chunked, chunked'], good)],
    ['two Transfer-Encoding fields', ok(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], good)],
    ['an empty Transfer-Encoding', ok(['Transfer-Encoding:'], 'hello')],
    ['chunked with a parameter', ok(['Transfer-Encoding: chunked;q=1'], good)],
    ['chunked in HTTP/1.0', `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${good}`],
    ['a length with a space before its colon', ok(['Content-Length : 5'], 'hello')],
    ['a folded Transfer-Encoding', ok(['Transfer-Encoding:', ' chunked'], good)],
    ['chunked behind a vertical tab', ok(['Transfer-Encoding: \x0bchunked'], good)],
    ['both framings on a 204', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ]),
  ...responses('RFC 9112 7.1', 'broken', 'keep', [
    ['an empty chunk size', chunked('\r\nhello\r\n0\r\n\r\n')],
    ['a signed chunk size', chunked('+5\r\nhello\r\n0\r\n\r\n')],
    ['a negative chunk size', chunked('-5\r\nhello\r\n0\r\n\r\n')],
    ['a chunk size with 0x', chunked('0x5\r\nhello\r\n0\r\n\r\n')],
    ['a space before a chunk size', chunked(' 5\r\nhello\r\n0\r\n\r\n')],
    ['a word as chunk size', chunked('hello\r\nhello\r\n0\r\n\r\n')],
    ['a chunk size past 64 bits', chunked('10000000000000005\r\nhello\r\n0\r\n\r\n')],
    ['chunk data without CRLF', chunked('5\r\nhelloXX0\r\n\r\n')],
    ['chunk data longer than its size', chunked('4\r\nhello\r\n0\r\n\r\n')],
    ['a chunk size ended by LF', chunked('5\nhello\r\n0\r\n\r\n')],
    ['a bare LF in an extension', chunked('5;a\n\r\nhello\r\n0\r\n\r\n')],
    ['an extension of 1 MiB', chunked(`5;${'a'.repeat(1_048_576)}\r\nhello\r\n0\r\n\r\n`)],
    ['a trailer with a space before the colon', chunked('5\r\nhello\r\n0\r\nA : b\r\n\r\n')],
    ['a folded trailer', chunked('5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n')],
    ['trailers of 1 MiB', chunked(`5\r\nhello\r\n0\r\nA: ${'b'.repeat(1_048_576)}\r\n\r\n`)],
    ['a second response in place of the trailers', chunked(`5\r\nhello\r\n0\r\n${poison}`)],
    ['a bad chunk in a segment of its own', [chunked('5\r\nhello\r\n'), 'zz\r\n']],
  ]),
  ...responses('RFC 9112 8', 'broken', 'close', [
    ['a body shorter than its length', ok(['Content-Length: 10'], 'hello')],
    ['no body where a length promised one', ok(['Content-Length: 10'])],
    ['a chunked body without its last chunk', chunked('5\r\nhello\r\n')],
    ['a chunked body without its last CRLF', chunked('5\r\nhello\r\n0\r\n')],
    ['a chunk cut short', chunked('5\r\nhel')],
    ['a chunk size cut short', chunked('5\r\nhello\r\n1')],
    ['a chunked body without any chunk', chunkedHead],
    ['a body cut short in a segment of its own', [ok(['Content-Length: 10']), 'hello']],
  ]),
  ...responses('RFC 9112 8', 'broken', 'reset', [
    ['a reset inside a body', [ok(['Content-Length: 10'], 'hello')]],
    ['a reset inside a chunk', [chunked('5\r\nhel')]],
  ]),
]
