// Transfer-Encoding in every disguise, alone and beside Content-Length.
import { type HostileRequest, post, rows, smuggled } from '../hostile-request.ts'

const last = '5\r\nhello\r\n0\r\n\r\n'
const coding = (field: string, payload = last): string => post([field], payload)
const both = (field: string, payload = `0\r\n\r\n${smuggled}`): string => post([`Content-Length: ${payload.length}`, field], payload)

export const transferEncoding: readonly HostileRequest[] = [
  ...rows('RFC 9112 6.1', 'must', [
    ['Content-Length before Transfer-Encoding is refused', post(['Content-Length: 5', 'Transfer-Encoding: chunked'], last)],
    ['Transfer-Encoding before Content-Length is refused', post(['Transfer-Encoding: chunked', 'Content-Length: 5'], last)],
    ['CL.TE: a second request behind the last chunk is not taken for a body', both('Transfer-Encoding: chunked')],
    [
      'TE.CL: a second request inside a chunk is not taken for a message',
      post(['Content-Length: 4', 'Transfer-Encoding: chunked'], `2d\r\n${smuggled}\r\n0\r\n\r\n`),
    ],
    ['a length of 0 beside chunked is refused', post(['Content-Length: 0', 'Transfer-Encoding: chunked'], last)],
    ['both with the length right are refused', post([`Content-Length: ${last.length}`, 'Transfer-Encoding: chunked'], last)],
    ['both with other fields between are refused', post(['Transfer-Encoding: chunked', 'A: b', 'C: d', 'Content-Length: 5'], last)],
    ['both in lower case are refused', post(['content-length: 5', 'transfer-encoding: chunked'], last)],
    ['both in mixed case are refused', post(['cOnTeNt-LeNgTh: 5', 'tRANSFER-eNCODING: ChUnKeD'], last)],
    ['an empty Content-Length beside chunked is refused', post(['Content-Length:', 'Transfer-Encoding: chunked'], last)],
    ['a length beside an unknown coding is refused', both('Transfer-Encoding: xchunked'), [400, 501]],
    ['a length beside identity is refused', both('Transfer-Encoding: identity'), [400, 501]],
    ['a length beside an empty Transfer-Encoding is refused', both('Transfer-Encoding:'), [400, 501]],
    ['two lengths beside chunked are refused', post(['Content-Length: 5', 'Content-Length: 5', 'Transfer-Encoding: chunked'], last)],
    ['a GET with both is refused', `GET /a HTTP/1.1\r\nHost: api.example\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${last}`],
  ]),
  ...rows('RFC 9112 6.1; RFC 9112 6.3 rule 4', 'must', [
    ['chunked twice in one field is refused', coding('Transfer-Encoding: chunked, chunked')],
    ['chunked twice without a space is refused', coding('Transfer-Encoding: chunked,chunked')],
    ['two Transfer-Encoding fields are refused', post(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], last)],
    ['TE.TE: a second field with another coding is refused', post(['Transfer-Encoding: chunked', 'Transfer-Encoding: cow'], last), [400, 501]],
    ['TE.TE: a first field with another coding is refused', post(['Transfer-Encoding: cow', 'Transfer-encoding: chunked'], last), [400, 501]],
    ['chunked that is not last is refused', coding('Transfer-Encoding: chunked, identity'), [400, 501]],
    ['chunked before gzip is refused', coding('Transfer-Encoding: chunked, gzip'), [400, 501]],
    ['chunked with a parameter is refused', coding('Transfer-Encoding: chunked;q=1'), [400, 501]],
    ['chunked with a bare semicolon is refused', coding('Transfer-Encoding: chunked;'), [400, 501]],
    ['a quoted chunked is refused', coding('Transfer-Encoding: "chunked"'), [400, 501]],
    ['chunked in single quotes is refused', coding("Transfer-Encoding: 'chunked'"), [400, 501]],
    ['an empty Transfer-Encoding is refused', coding('Transfer-Encoding:', '')],
    ['a Transfer-Encoding of one comma is refused', coding('Transfer-Encoding: ,', last)],
    ['chunked behind a comma is refused', coding('Transfer-Encoding: ,chunked')],
    ['chunked before a comma is refused', coding('Transfer-Encoding: chunked,')],
    ['chunked with a vertical tab is refused', coding('Transfer-Encoding: \x0bchunked')],
    ['chunked with a form feed is refused', coding('Transfer-Encoding: chunked\x0c')],
    ['chunked with a NUL is refused', coding('Transfer-Encoding: chunked\x00')],
    ['chunked with a no-break space is refused', coding('Transfer-Encoding: \xa0chunked'), [400, 501]],
    ['chunked folded onto the next line is refused', coding('Transfer-Encoding:\r\n chunked')],
    ['chunked folded by a tab is refused', coding('Transfer-Encoding:\r\n\tchunked')],
    ['a bare CR before chunked is refused', coding('Transfer-Encoding: \rchunked')],
    ['a bare LF before chunked is refused', coding('Transfer-Encoding: \nchunked')],
    ['two words chunked are refused', coding('Transfer-Encoding: chunked chunked'), [400, 501]],
    ['a colon before chunked is refused', coding('Transfer-Encoding:: chunked'), [400, 501]],
  ]),
  ...rows('RFC 9112 6.1 (unknown codings: 501)', 'must', [
    ['gzip alone leaves the end of the body unknown (6.3 rule 4: 400) and is not implemented', coding('Transfer-Encoding: gzip'), [400, 501]],
    ['gzip before chunked is not implemented', coding('Transfer-Encoding: gzip, chunked'), 501],
    ['deflate before chunked is not implemented', coding('Transfer-Encoding: deflate, chunked'), 501],
    ['xchunked is not chunked', coding('Transfer-Encoding: xchunked'), [400, 501]],
    ['chunkedx is not chunked', coding('Transfer-Encoding: chunkedx'), [400, 501]],
    ['chunk is not chunked', coding('Transfer-Encoding: chunk'), [400, 501]],
    ['identity was taken out of HTTP', coding('Transfer-Encoding: identity'), [400, 501]],
    ['identity before chunked is refused', coding('Transfer-Encoding: identity, chunked'), [400, 501]],
    ['a long s does not fold into chunked', coding('Transfer-Encoding: \xc5\xbfchunked'), [400, 501]],
    ['a Kelvin sign does not fold into chunked', coding('Transfer-Encoding: chun\xe2\x84\xaaed'), [400, 501]],
  ]),
  ...rows('RFC 9112 5.1; RFC 9110 5.1', 'must', [
    ['a space before the colon of Transfer-Encoding is refused', coding('Transfer-Encoding : chunked')],
    ['a tab before the colon of Transfer-Encoding is refused', coding('Transfer-Encoding\t: chunked')],
    ['a Transfer-Encoding behind a space is refused', post(['A: b', ' Transfer-Encoding: chunked'], last)],
    ['a Transfer-Encoding behind a bare LF is refused', post(['A: b\nTransfer-Encoding: chunked'], last)],
    ['a Transfer-Encoding behind a bare CR is refused', post(['A: b\rTransfer-Encoding: chunked'], last)],
    ['a NUL in the name Transfer-Encoding is refused', coding('Transfer\x00-Encoding: chunked')],
    ['a space in the name Transfer-Encoding is refused', coding('Transfer Encoding: chunked')],
    ['an octet above 127 in the name Transfer-Encoding is refused', coding('Transfer-Encoding\xff: chunked')],
  ]),
  ...rows('RFC 9112 6.1 (HTTP/1.0)', 'must', [
    ['chunked in HTTP/1.0 is refused', `POST /a HTTP/1.0\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\n\r\n${last}`],
    [
      'chunked in HTTP/1.0 with keep-alive is refused',
      `POST /a HTTP/1.0\r\nHost: api.example\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${last}`,
    ],
    ['both in HTTP/1.0 are refused', `POST /a HTTP/1.0\r\nHost: api.example\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${last}`],
  ]),
  ...rows(
    'RFC 9110 5.1; hardening: _ equals - in what the gateway believes',
    'may',
    [
      [
        'Transfer_Encoding frames nothing and does not reach an upstream that thinks it does',
        post(['Content-Length: 5', 'Transfer_Encoding: chunked'], 'hello'),
        [400, 200],
      ],
      [
        'TRANSFER_ENCODING frames nothing and does not reach an upstream that thinks it does',
        post(['Content-Length: 5', 'TRANSFER_ENCODING: chunked'], 'hello'),
        [400, 200],
      ],
    ],
    { hides: 'transfer_encoding' },
  ),
]
