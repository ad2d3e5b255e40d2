// Two APIs that claim the same host and path: one of them would never be reached, or with the other's protection.
import type { Fault, Path } from '../../base/fault.ts'
import type { SourceDocument } from '../reading/source-document.ts'

export interface PlacedFault {
  readonly document: SourceDocument
  readonly fault: Fault
}

/** Where an API or a version is reached. */
export interface Place {
  readonly name: string
  /** Absent: every host. */
  readonly hosts: readonly string[] | undefined
  readonly prefix: string
  readonly document: SourceDocument
  /** What is at fault when the place is taken. */
  readonly at: Path
}

/** An API without hosts and one with hosts may share a path: the named host is the more specific. */
export function placeFaults(places: readonly Place[]): PlacedFault[] {
  const taken = new Map<string, string>()
  const faults: PlacedFault[] = []
  for (const { name, hosts, prefix, document, at } of places) {
    for (const host of new Set(hosts ?? ['*'])) {
      const place = `${host}${prefix}`
      const other = taken.get(place)
      if (other === undefined) taken.set(place, name)
      else {
        const where = `${prefix === '' ? '/' : prefix}${host === '*' ? '' : ` at ${host}`}`
        faults.push({ document, fault: { code: 'place-taken', path: at, message: `'${other}' is reached at ${where} already` } })
      }
    }
  }
  return faults
}
