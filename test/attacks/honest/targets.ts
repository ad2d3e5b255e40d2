// Every octet that a path or a query may hold, plain and encoded, and the forms of a target (RFC 3986 3.3, 3.4, 6.2.2; RFC 9112 3.2).
import { type HonestRequest, honest } from '../honest-request.ts'

const unreserved = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'
/** sub-delims without `;`, which house rules keep out of a path, and what else a segment may hold. */
const inPath = "!$&'()*+,=:@"
const visible = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index))
const inQuery = visible.filter((character) => !'"<>#%'.includes(character))
/** Encoded, these stay encoded: data that is no delimiter. `/`, `\` and `%` before digits are ambiguous and left to the hostile tables. */
const staysEncoded = visible.filter((character) => !unreserved.includes(character) && !'/\\%;'.includes(character))
const encode = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
const at = (name: string, target: string): HonestRequest => honest(name, { target })

const paths = [
  '/',
  '/a/',
  '/a/b/c',
  '/...',
  '/.hidden',
  '/a..b',
  '/a.',
  '/..a',
  '/.../b',
  '/a.b.c',
  '/-',
  '/~user',
  '/_',
  '/a:b',
  '/a@b',
  '/a,b,c',
  '/a=b',
  '/a&b',
  '/*',
  '/a*',
  '/http://api.example'.replace('//', '/'),
  '/100%25',
  '/100%25x',
  '/a%20b',
  '/a+b',
  '/%E2%82%AC',
  '/%e2%82%ac',
  '/caf%C3%A9',
  '/caf%c3%a9',
  '/%F0%9F%98%80',
  '/%f0%9f%98%80/x',
  '/%C2%80',
  '/%DF%BF',
  '/%EF%BF%BD',
  '/%ED%9F%BF',
  '/%EE%80%80',
  '/%F4%8F%BF%BF',
  `/${'a'.repeat(2000)}`,
  `/${'a/'.repeat(50)}b`,
]
const queries = [
  '?',
  '?a',
  '?a=b',
  '?a=b&c=d',
  '?=',
  '?&&',
  '?a=',
  '?a?b',
  '??',
  '?a=/b/../c',
  '?a=//b',
  '?a=;b',
  '?a=%2F..%2F',
  '?a=%252F',
  '?a=%5C',
  '?next=https://other.example/x?y=z',
  '?a[]=1&a[]=2',
  '?json={"a":1}'.replaceAll('"', '%22'),
  '?a|b',
  '?a^b`c',
  '?a\\b',
  '?a=%C3%A9',
  '?a=%c3%a9',
  '?a=b+c%20d',
  "?q='or'1'='1",
  `?${'a'.repeat(2000)}`,
]

export const targets: readonly HonestRequest[] = [
  ...[...unreserved].filter((character) => character !== '.').map((character) => at(`the path octet ${character}`, `/a/${character}`)),
  ...[...inPath].map((character) => at(`the path octet ${character}`, `/a${character}b`)),
  ...inQuery.map((character) => at(`the query octet ${character}`, `/a?b${character}c`)),
  ...[...unreserved].map((character) => at(`the encoded unreserved octet ${character} in a path arrives decoded`, `/a${encode(character)}b`)),
  ...['%7e', '%2d', '%5f', '%6A', '%4d', '%7A'].map((encoded) => at(`${encoded} in a path arrives decoded`, `/a${encoded}b`)),
  ...staysEncoded.map((character) => at(`the encoded delimiter ${character} in a path stays data`, `/a${encode(character)}b`)),
  ...staysEncoded.map((character) => at(`the encoded delimiter ${character} in a query stays data`, `/a?b=${encode(character)}`)),
  ...paths.map((path) => at(`the path ${path.slice(0, 40)} of ${path.length} octets`, path)),
  ...queries.map((query) => at(`the query ${query.slice(0, 40)} of ${query.length} octets`, `/a${query}`)),
  at('a query straight behind the root', '/?a=b'),
  at('an unreserved octet encoded beside a reserved one', '/%41%2C%42'),
]
