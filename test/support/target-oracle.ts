// The canonical form of a request target, written apart from src/http: RFC 3986 6.2.2 and no more.

/**
 * Origin-form of a target: scheme and authority dropped (RFC 9112 3.2.2), an empty path made `/` (RFC 9110 4.2.3), unreserved octets decoded, other
 * percent-encodings in upper case.
 */
export function canonicalTarget(target: string): string {
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*(.*)$/is.exec(target)?.[1] ?? target
  const rooted = origin === '' || origin.startsWith('?') ? `/${origin}` : origin
  return rooted.replace(/%([0-9a-f]{2})/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
    return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded.toUpperCase()
  })
}

/** True when both name the same resource and `got` has the path in canonical form already. */
export function carriesTarget(got: string, original: string): boolean {
  const path = (target: string): string => target.split('?', 1)[0] ?? ''
  return canonicalTarget(got) === canonicalTarget(original) && path(got) === path(canonicalTarget(got))
}
