// A fault with its place: what `gatehouse check` prints, one a line, and what a refused edit is answered with.
import type { Fault } from '../../base/fault.ts'
import { visible } from '../../base/visible-text.ts'
import type { SourceDocument } from './source-document.ts'

/** One reason why a configuration is refused, where it stands. Lines and columns count from 1; columns in UTF-16 units, as editors count. */
export interface LocatedFault {
  /** Absolute path of the file. */
  readonly file: string
  readonly line: number
  readonly column: number
  readonly code: string
  readonly message: string
  /** Where it stands in what is no file, as `console:api/bookshop:path`: shown in place of file, line and column. */
  readonly place?: string
}

/** Where in a text something stands. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The fault at its place in the document that it was found in. */
export function locate(document: SourceDocument, fault: Fault): LocatedFault {
  const { line, column } = document.at(fault.path, fault.atKey ?? false)
  const place = document.placeOf?.(fault.path)
  return { file: document.file, line, column, code: fault.code, message: visible(fault.message), ...(place !== undefined && { place }) }
}

/** By file, then from top to bottom, without repetitions. */
export function sorted(faults: readonly LocatedFault[]): LocatedFault[] {
  const ordered = faults.toSorted(compare)
  return ordered.filter((fault, i) => i === 0 || compare(fault, ordered[i - 1]!) !== 0)
}

const compare = (a: LocatedFault, b: LocatedFault): number =>
  order(a.file, b.file) || a.line - b.line || a.column - b.column || order(a.place ?? '', b.place ?? '') || order(a.code, b.code) || order(a.message, b.message)
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
