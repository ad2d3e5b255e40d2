// Two APIs that claim the same host and path: one of them would never be reached, or with the other's protection.
import type { Fault } from '../base/fault.ts'
import type { PlacedApi } from './api-resolution.ts'
import type { SourceDocument } from './source-document.ts'

export interface PlacedFault {
  readonly document: SourceDocument
  readonly fault: Fault
}

/** An API without hosts and one with hosts may share a path: the named host is the more specific. */
export function placeFaults(apis: readonly PlacedApi[]): PlacedFault[] {
  const taken = new Map<string, string>()
  const faults: PlacedFault[] = []
  for (const { name, api, document, path } of apis) {
    if (api.path === undefined && api.hosts === undefined) continue
    const prefix = api.path ?? ''
    for (const host of new Set(api.hosts ?? ['*'])) {
      const place = `${host}${prefix}`
      const other = taken.get(place)
      if (other === undefined) taken.set(place, name)
      else {
        const where = `${prefix === '' ? '/' : prefix}${host === '*' ? '' : ` at ${host}`}`
        faults.push({
          document,
          fault: { code: 'place-taken', path: [...path, api.path === undefined ? 'hosts' : 'path'], message: `'${other}' is reached at ${where} already` },
        })
      }
    }
  }
  return faults
}
