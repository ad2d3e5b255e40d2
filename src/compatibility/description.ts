// One OpenAPI document as the comparison reads it: plain data with places, local references followed, nothing else trusted.

/** A value and its JSON pointer. */
export interface Place {
  readonly value: unknown
  readonly at: string
}
export type Members = { readonly [name: string]: unknown }

const HOPS_MAX = 32

export const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)
export const membersOf = (value: unknown): Members => (isObject(value) ? value : {})

/** Own members only: a document may name a property `constructor`. */
export const member = (value: unknown, name: string): unknown => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined)

const escaped = (step: string | number): string => String(step).replaceAll('~', '~0').replaceAll('/', '~1')
/** The place of a member, whether or not it is there. */
export const below = ({ value, at }: Place, ...steps: readonly (string | number)[]): Place => {
  let here = value
  let pointer = at
  for (const step of steps) {
    here = Array.isArray(here) ? here[Number(step)] : member(here, String(step))
    pointer += `/${escaped(step)}`
  }
  return { value: here, at: pointer }
}

export class Description {
  readonly root: Place
  /** In OpenAPI 3.0 a schema knows `nullable` and boolean `exclusiveMaximum`, and what stands beside `$ref` is not read. */
  readonly is30: boolean
  /** References that led nowhere, each with a place where one stands. */
  readonly lost = new Map<string, string>()

  constructor(document: unknown) {
    this.root = { value: document, at: '' }
    this.is30 = /^3\.0\./.test(String(member(document, 'openapi')))
  }

  /** The place that a value stands for: itself, or where its `$ref` leads. `lost` when that is nowhere in this document. */
  settle(place: Place): Place & { readonly lost?: string } {
    let here = place
    for (let hops = 0; hops < HOPS_MAX; hops++) {
      const reference = member(here.value, '$ref')
      if (typeof reference !== 'string') return here
      const next = this.find(reference)
      if (!next) return this.losing(here, reference)
      here = next
    }
    return this.losing(here, String(member(here.value, '$ref')))
  }

  private losing(here: Place, reference: string): Place & { readonly lost: string } {
    if (!this.lost.has(reference)) this.lost.set(reference, here.at)
    return { ...here, lost: reference }
  }

  /** Where a reference inside this document leads (RFC 6901 6). */
  find(reference: string): Place | undefined {
    if (reference === '#') return this.root
    if (!reference.startsWith('#/')) return undefined
    let place = this.root
    let steps: string
    try {
      steps = decodeURIComponent(reference.slice(2))
    } catch {
      return undefined
    }
    for (const step of steps.split('/')) {
      place = below(place, step.replaceAll('~1', '/').replaceAll('~0', '~'))
      if (place.value === undefined) return undefined
    }
    return place
  }
}
