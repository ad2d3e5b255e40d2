// Makes well-formed streams of one to four requests, in every writing that the grammar allows.
import type { Random } from './random.ts'

/** A request before it is written: every part still apart, so that a mutation can strike one of them. */
export interface Draft {
  method: string
  target: string
  version: string
  /** Field lines without their CRLF. */
  lines: string[]
  payload: string
}

/** Every method of the well-formed streams; the gateway under test is configured to serve them. */
export const methods = ['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'PROPFIND', 'SEARCH']
const segments = [
  'a',
  'books',
  '1',
  'x-y_z',
  '~u',
  'a.b',
  '...',
  'A',
  'b,c',
  'k=v',
  'a:b',
  'a@b',
  "q'",
  '(p)',
  '*',
  '$',
  '!',
  '%41',
  '%7e',
  '%7E',
  '%20',
  '%C3%A9',
  '%c3%a9',
  '%E2%82%AC',
  '%2C',
  '%3a',
  '%26',
  '%25',
  '%3F',
  '%23',
]
const queryParts = [
  'a=b',
  'a',
  '',
  '=',
  'a=%20',
  'a=%2F',
  'a=/',
  'a=?',
  'a=%41',
  'a=;',
  'a=b+c',
  'a[]=1',
  'a={b}',
  'a=|',
  'a=//',
  'a=..',
  'a=%252e',
  'a=%c3%a9',
  'a=^`',
  'u=http://x/?y',
  "a='",
]
const hosts = ['api.example', 'API.example', 'api.example:80', 'api.example:8080', '127.0.0.1', '[::1]:8080', 'a_b.example', 'api.example.', 'api.example:']
const names = [
  'Accept',
  'accept',
  'X-A',
  'x-a',
  'X-B',
  'User-Agent',
  'Cookie',
  'X.Y',
  'X_Y',
  'X~!',
  'ETag',
  'If-None-Match',
  'Content-Type',
  'Authorization',
  'X-Long-Name-Of-A-Field',
  'Range',
  'Referer',
  'Origin',
  'DNT',
  '1',
]
const values = [
  '',
  'b',
  'a, b',
  '*/*',
  '"q"',
  'a=b; c=d',
  'x\ty',
  'x  y',
  '0',
  ':',
  'text/html;q=0.8',
  '\xe9',
  '\xff\x80',
  'W/"e"',
  'bytes=0-1',
  'GET / HTTP/1.1',
  'chunked',
  '(c)',
  'Basic eDp5',
]
const spaces = [' ', '', '  ']
const tails = ['', '', '', ' ', '  ']
/** HTAB is white space too (RFC 9110 5.6.3), but nginx and Node take it for content in some fields: seldom, so that their readings keep their worth. */
const tabChance = 0.02
const bodies = ['', 'x', 'hello', '\r\n', '0\r\n\r\n', 'GET /inner HTTP/1.1\r\nHost: api.example\r\n\r\n', '\x00\xff\x80', 'a'.repeat(300), '5\r\nhello\r\n']
const extensions = ['', '', '', ';a', ';a=b', ';a="b c"', ';a="\\""', ';a;b=c']
const trailers = ['', '', '', 'X-T: v\r\n', 'Digest: x\r\nX-U:\r\n']

/** One to four requests; the last asks for the end of the connection, so that a reader who agrees has nothing to wait for. */
export function generate(random: Random): Draft[] {
  const count = 1 + random.below(4)
  return Array.from({ length: count }, (_, index) => draft(random, index === count - 1))
}

/** The octets of a stream, latin1. */
export function serialize(drafts: readonly Draft[]): string {
  return drafts
    .map(({ method, target, version, lines, payload }) => `${method} ${target} ${version}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${payload}`)
    .join('')
}

function draft(random: Random, last: boolean): Draft {
  const host = random.chance(0.7) ? 'api.example' : random.pick(hosts)
  const lines = [field(random, randomCase(random, 'Host'), host)]
  const others = random.below(random.chance(0.1) ? 20 : 5)
  for (let count = 0; count < others; count += 1) lines.push(field(random, random.pick(names), random.pick(values)))
  const ancient = random.chance(0.05)
  const body = random.chance(0.45) ? random.pick(bodies) : undefined
  let payload = ''
  if (body !== undefined) {
    if (ancient || random.chance(0.5)) {
      lines.push(field(random, randomCase(random, 'Content-Length'), String(body.length)))
      payload = body
    } else {
      lines.push(field(random, randomCase(random, 'Transfer-Encoding'), randomCase(random, 'chunked')))
      payload = chunked(random, body)
    }
    if (!ancient && random.chance(0.1)) lines.push('Expect: 100-continue')
  }
  if (ancient && !last) lines.push('Connection: keep-alive')
  else if (last) lines.push(field(random, 'Connection', random.pick(['close', 'close', 'Close', 'x-a, close', 'close,x-b'])))
  else if (random.chance(0.15)) lines.push(field(random, 'Connection', random.pick(['keep-alive', 'x-a', 'X-B , keep-alive', 'te', 'x-none'])))
  shuffle(random, lines)
  return { method: random.pick(methods), target: target(random, host), version: ancient ? 'HTTP/1.0' : 'HTTP/1.1', lines, payload }
}

function target(random: Random, host: string): string {
  const path = Array.from({ length: random.below(4) }, () => `/${random.pick(segments)}`).join('') || '/'
  const query = random.chance(0.35) ? `?${Array.from({ length: 1 + random.below(3) }, () => random.pick(queryParts)).join('&')}` : ''
  return random.chance(0.08) ? `http://${host}${path}${query}` : path + query
}

function field(random: Random, name: string, value: string): string {
  if (random.chance(tabChance)) return `${name}:\t${value} \t`
  return `${name}:${random.pick(spaces)}${value}${random.pick(tails)}`
}

function randomCase(random: Random, text: string): string {
  if (random.chance(0.7)) return text
  return random.chance(0.5) ? text.toLowerCase() : [...text].map((letter) => (random.chance(0.5) ? letter.toUpperCase() : letter.toLowerCase())).join('')
}

function chunked(random: Random, body: string): string {
  let written = ''
  for (let at = 0; at < body.length; ) {
    const size = Math.min(body.length - at, 1 + random.below(random.chance(0.5) ? 3 : 200))
    const digits = size.toString(16)
    written += `${random.chance(0.1) ? '00' : ''}${random.chance(0.3) ? digits.toUpperCase() : digits}${random.pick(extensions)}\r\n${body.slice(at, at + size)}\r\n`
    at += size
  }
  return `${written}${random.chance(0.1) ? '000' : '0'}${random.pick(extensions)}\r\n${random.pick(trailers)}\r\n`
}

function shuffle(random: Random, lines: string[]): void {
  for (let index = lines.length - 1; index > 0; index -= 1) {
    const other = random.below(index + 1)
    ;[lines[index], lines[other]] = [lines[other]!, lines[index]!]
  }
}
