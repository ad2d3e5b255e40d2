// Path templates as a router sees them: the names of parameters are nobody's business but the document's.
import { below, type Description, member, type Place } from './description.ts'

/** `/books/{id}` and `/books/{bookId}` have one shape. */
export const shapeOf = (template: string): string => template.replaceAll(/\{[^{}]*\}/g, '{}')

/** The names of a template's parameters, in their order. */
export const parameterNames = (template: string): string[] => [...template.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!)

/** The path of the first server, without trailing slash: '' when there is none. What cannot be read stands for itself. */
export function basePathOf(servers: Place): string {
  const first = below(servers, 0)
  const url = member(first.value, 'url')
  if (typeof url !== 'string') return ''
  const variables = member(first.value, 'variables')
  const written = url.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    const value = member(member(variables, name), 'default')
    return typeof value === 'string' ? value : whole
  })
  const path = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/.test(written) ? written.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, '') : written
  const clean = path.replace(/[?#].*$/, '').replace(/\/+$/, '')
  return clean === '' || clean.startsWith('/') ? clean : `/${clean}`
}

export interface Operation {
  /** "GET /books/{id}". */
  readonly name: string
  readonly method: string
  readonly template: string
  readonly place: Place
  readonly pathItem: Place
  /** Of its own or its path item's `servers`; undefined: the document's. */
  readonly ownBase: string | undefined
}

/** Keys of a path item that are operations. */
export const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

/** Every operation of the document, by path in its order. */
export function operationsOf(description: Description): Map<string, Operation[]> {
  const paths = below(description.root, 'paths')
  const out = new Map<string, Operation[]>()
  for (const template of Object.keys((paths.value as object | undefined) ?? {})) {
    if (!template.startsWith('/')) continue
    const pathItem = description.settle(below(paths, template))
    const operations = METHODS.flatMap((method): Operation[] => {
      const place = below(pathItem, method)
      if (typeof place.value !== 'object' || place.value === null) return []
      const servers = [below(place, 'servers'), below(pathItem, 'servers')].find(({ value }) => Array.isArray(value) && value.length > 0)
      return [{ name: `${method.toUpperCase()} ${template}`, method, template, place, pathItem, ownBase: servers && basePathOf(servers) }]
    })
    out.set(template, operations)
  }
  return out
}
