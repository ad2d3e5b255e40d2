// The fields that every reader of HPACK knows from the start (RFC 7541 appendix A), as octets in one piece of memory.

/** Name and value by index, from 1 on. */
export const STATIC_FIELDS: readonly (readonly [name: string, value: string])[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language', ''],
  ['accept-ranges', ''],
  ['accept', ''],
  ['access-control-allow-origin', ''],
  ['age', ''],
  ['allow', ''],
  ['authorization', ''],
  ['cache-control', ''],
  ['content-disposition', ''],
  ['content-encoding', ''],
  ['content-language', ''],
  ['content-length', ''],
  ['content-location', ''],
  ['content-range', ''],
  ['content-type', ''],
  ['cookie', ''],
  ['date', ''],
  ['etag', ''],
  ['expect', ''],
  ['expires', ''],
  ['from', ''],
  ['host', ''],
  ['if-match', ''],
  ['if-modified-since', ''],
  ['if-none-match', ''],
  ['if-range', ''],
  ['if-unmodified-since', ''],
  ['last-modified', ''],
  ['link', ''],
  ['location', ''],
  ['max-forwards', ''],
  ['proxy-authenticate', ''],
  ['proxy-authorization', ''],
  ['range', ''],
  ['referer', ''],
  ['refresh', ''],
  ['retry-after', ''],
  ['server', ''],
  ['set-cookie', ''],
  ['strict-transport-security', ''],
  ['transfer-encoding', ''],
  ['user-agent', ''],
  ['vary', ''],
  ['via', ''],
  ['www-authenticate', ''],
]
export const STATIC_COUNT = STATIC_FIELDS.length

/** All names and values, one behind the other. */
export const STATIC_OCTETS = Buffer.from(STATIC_FIELDS.flat().join(''), 'latin1')
/** Three numbers an index: where the name begins, where the value begins, where it ends. The first three stand for no field. */
export const STATIC_PLACES = new Int32Array((STATIC_COUNT + 1) * 3)
let place = 0
for (const [i, [name, value]] of STATIC_FIELDS.entries()) {
  const slot = (i + 1) * 3
  STATIC_PLACES[slot] = place
  STATIC_PLACES[slot + 1] = place + name.length
  place += name.length + value.length
  STATIC_PLACES[slot + 2] = place
}
