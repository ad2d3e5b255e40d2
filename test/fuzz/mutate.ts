// Breaks well-formed streams where parsers are known to part ways: in their structure before they are written, in their octets after.
import { type Draft, serialize } from './generate.ts'
import type { Random } from './random.ts'

const framingLines = [
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: +5',
  'Content-Length: 5, 5',
  'Content-Length: 0x5',
  'Content-Length: 005',
  'Content-Length: 5 5',
  'Content-Length:',
  'Content-Length : 5',
  'Content_Length: 5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: \x0bchunked',
  'Transfer-Encoding:',
  'Transfer-Encoding : chunked',
  'Transfer_Encoding: chunked',
]
const otherLines = [
  'Host: other.example',
  'Host: api.example',
  'Host:',
  ' folded',
  '\tfolded',
  'no colon',
  ': no name',
  'A B: c',
  'A(: b',
  'A: \x00',
  'A: \x7f',
  'A: b\rc',
  'A: b\nc: d',
  'A: b\r',
  'Connection: close',
  'Connection: host',
  'Connection: content-length',
  'Connection: transfer-encoding',
  'Connection: x-a',
  'Connection: upgrade',
  'Upgrade: h2c',
  'Upgrade: websocket',
  'Expect: 100-continue',
  'Expect: other',
  'TE: trailers',
  'Trailer: X-T',
  'Keep-Alive: timeout=1',
  'Proxy-Connection: close',
  'X-Forwarded-For: 203.0.113.9',
  'X_Forwarded_For: 203.0.113.9',
  'Forwarded: for=203.0.113.9',
  'Gatehouse-Consumer: x',
  'Via: 1.1 x',
]
const oddTargets = [
  '//a',
  '/a//b',
  '/../a',
  '/a/./b',
  '/%2e%2e/a',
  '/a%2fb',
  '/a%5cb',
  '/%00',
  '/a;b=c',
  '/%zz',
  '/%',
  '/a#b',
  '/a b',
  '/\\a',
  '/\xe9',
  '/%c0%af',
  '/%252e',
  '*',
  'a',
  'http://other.example/',
  'http://api.example',
  'http://u@api.example/',
  'https://api.example/',
  '/a?b#c',
  '/a?\xe9',
  '/a?"',
  '/a<b>',
  '/{a}',
  '',
]
const oddMethods = ['get', 'G T', 'G(T', '', 'TRACE', 'CONNECT', 'FOO', 'GET\t', ' GET', '\r\nGET', '\nGET', '\r\n\r\nGET', 'PRI']
const oddVersions = ['HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 ', 'HTTP/01.1', 'HTTP/1', '', 'HTTP/0.9', 'HTTP/1.1\t']
const oddPayloads = [
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '\r\n',
  'GET /inner HTTP/1.1\r\nHost: api.example\r\n\r\n',
  '+5\r\nhello\r\n0\r\n\r\n',
  '5 \r\nhello\r\n0\r\n\r\n',
  '5;\r\nhello\r\n0\r\n\r\n',
  '5\nhello\n0\n\n',
  '0\r\nA : b\r\n\r\n',
  '0x5\r\nhello\r\n0\r\n\r\n',
  '5;a=b c\r\nhello\r\n0\r\n\r\n',
  '',
]
const octets = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  '\x00',
  '\x0b',
  '\x0c',
  '\x7f',
  '\xff',
  ',',
  ';',
  '"',
  '%',
  '/',
  '\\',
  '0',
  '5',
  'f',
  '-',
  '+',
  '_',
  '#',
  '?',
  '*',
  '\x85',
  '\xa0',
]

type StructureMutation = (random: Random, drafts: Draft[], draft: Draft) => void
type OctetMutation = (random: Random, text: string) => string

const structure: readonly StructureMutation[] = [
  (random, _, draft) => draft.lines.splice(random.below(draft.lines.length + 1), 0, random.pick(framingLines)),
  (random, _, draft) => draft.lines.splice(random.below(draft.lines.length + 1), 0, random.pick(framingLines)),
  (random, _, draft) => draft.lines.splice(random.below(draft.lines.length + 1), 0, random.pick(otherLines)),
  (random, _, draft) => draft.lines.splice(random.below(draft.lines.length + 1), 0, random.pick(otherLines)),
  (random, _, draft) => draft.lines.splice(random.below(draft.lines.length + 1), 0, random.pick(draft.lines)),
  (random, _, draft) => draft.lines.splice(random.below(draft.lines.length), 1),
  (random, _, draft) => replaceLine(random, draft, (line) => line.replace(':', random.pick([' :', '\t:', '::', '', ':\r\n ', ': \x0b']))),
  (random, _, draft) => replaceLine(random, draft, (line) => line.replace('-', '_')),
  (random, _, draft) => replaceLine(random, draft, (line) => line.replace(/\d+/, (digits) => String(Number(digits) + random.pick([-1, 1, 2, 10])))),
  (random, _, draft) => void (draft.target = random.pick(oddTargets)),
  (random, _, draft) => void (draft.target += random.pick(['%2', '#', '\\', '/..', '/.', '//', ';', '%2e', '%41', '?', '%c3', '\x80'])),
  (random, _, draft) => void (draft.method = random.pick(oddMethods)),
  (random, _, draft) => void (draft.version = random.pick(oddVersions)),
  (random, _, draft) => void (draft.payload = random.pick(oddPayloads)),
  (random, _, draft) => void (draft.payload += random.pick(oddPayloads)),
  (random, _, draft) => void (draft.payload = draft.payload.slice(0, -1 - random.below(4))),
  (random, _, draft) => void (draft.payload = draft.payload.replace(/\r\n/, random.pick(['\n', '\r', '\r\r\n', ' \r\n', ';\r\n', ';a=\r\n', '\n\r']))),
  (random, drafts, draft) => drafts.splice(random.below(drafts.length), 0, { ...draft, lines: [...draft.lines] }),
]

const writing: readonly OctetMutation[] = [
  (random, text) => splice(text, random.below(text.length + 1), 0, random.pick(octets)),
  (random, text) => splice(text, nearStructure(random, text), 0, random.pick(octets)),
  (random, text) => splice(text, random.below(text.length), 1, random.pick(octets)),
  (random, text) => splice(text, nearStructure(random, text), 1, random.pick(octets)),
  (random, text) => splice(text, random.below(text.length), 1, ''),
  (random, text) => splice(text, nearStructure(random, text), 1, ''),
  (random, text) => replaceEnd(random, text),
  (random, text) => {
    const from = random.below(text.length)
    return splice(text, from, 0, text.slice(from, from + random.below(40)))
  },
  (random, text) => text.slice(0, random.below(text.length)),
]

/** The octets of a case: half of them well-formed, the rest struck once to three times. */
export function mutate(random: Random, drafts: Draft[]): string {
  const strikes = random.chance(0.5) ? 0 : 1 + (random.chance(0.4) ? random.below(3) : 0)
  let later = 0
  for (let strike = 0; strike < strikes; strike += 1) {
    if (random.chance(0.6)) random.pick(structure)(random, drafts, random.pick(drafts))
    else later += 1
  }
  let text = serialize(drafts)
  for (; later > 0 && text.length > 0; later -= 1) text = random.pick(writing)(random, text)
  return text
}

const splice = (text: string, at: number, remove: number, insert: string): string => text.slice(0, at) + insert + text.slice(at + remove)

function replaceLine(random: Random, draft: Draft, change: (line: string) => string): void {
  if (draft.lines.length === 0) return
  const index = random.below(draft.lines.length)
  draft.lines[index] = change(draft.lines[index]!)
}

/** A place beside an octet that means something to a parser. */
function nearStructure(random: Random, text: string): number {
  const from = random.below(text.length)
  const found = text.slice(from).search(/[\r\n: ;,]/)
  return found < 0 ? from : from + found + random.below(2)
}

function replaceEnd(random: Random, text: string): string {
  const from = random.below(text.length)
  const at = text.indexOf('\r\n', from)
  return at < 0 ? text : splice(text, at, 2, random.pick(['\n', '\r', '\r\r\n', '\n\r', '\r\n\r\n', '\r\n ', ' \r\n', '\x00\r\n']))
}
