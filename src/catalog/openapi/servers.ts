// The base path of an operation, from the `servers` of an OpenAPI document.
import type { Fault, Path } from '../../base/fault.ts'

/**
 * The path of the first server, '' for none: further servers name the same API elsewhere (another stage, another region), and hosts do not matter, since
 * requests go to the upstream of the configuration. A document without servers has '/' (OpenAPI 3.1 4.8.1).
 */
export function basePath(servers: unknown, path: Path, faults: Fault[]): string {
  if (servers === undefined) return ''
  if (!Array.isArray(servers)) {
    faults.push({ code: 'wrong-type', path, message: "'servers' must be a list" })
    return ''
  }
  if (servers.length === 0) return ''
  const at = [...path, 0]
  const { url, variables } = (servers[0] ?? {}) as { url?: unknown; variables?: Record<string, { default?: unknown }> }
  if (typeof url !== 'string') {
    faults.push({ code: 'bad-server', path: at, message: "a server has a 'url'" })
    return ''
  }
  const bad = (message: string): string => {
    faults.push({ code: 'bad-server', path: [...at, 'url'], message })
    return ''
  }
  let missing: string | undefined
  const filled = url.replaceAll(/\{([^{}]*)\}/g, (_whole, name: string) => {
    const value = typeof variables === 'object' && variables !== null && Object.hasOwn(variables, name) ? variables[name]?.default : undefined
    if (typeof value !== 'string' && typeof value !== 'number') missing ??= name
    return String(value)
  })
  if (missing !== undefined) return bad(`the variable '${missing}' of this server has no default`)
  if (/[?#\\;]|[\x00-\x20]/.test(filled)) return bad('the url of a server holds no query, no fragment, no space and no ";"')
  const relative = /^(?:[A-Za-z][A-Za-z0-9+.-]*:)?\/\/[^/]*(.*)$/.exec(filled)?.[1] ?? filled.replace(/^(?:\.\/)?(?!\/)/, '/')
  const base = relative.replace(/\/$/, '')
  if (base !== '' && (!/^(?:\/[A-Za-z0-9._~!$&'()*+,=:@-]+)+$/.test(base) || /\/\.{1,2}(?:\/|$)/.test(base))) {
    return bad('the path of a server is in normal form: no empty or dot segments, and no percent-encoding')
  }
  return base
}
