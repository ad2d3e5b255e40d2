// Remembers where a document is faulty already, so that no second fault is told that is only a consequence of the first.
import type { Fault, Path } from '../../base/fault.ts'
import type { SourceDocument } from '../reading/source-document.ts'

export class FaultyPlaces {
  private readonly known = new Map<SourceDocument, Fault[]>()

  add(document: SourceDocument, faults: readonly Fault[]): void {
    this.known.set(document, [...(this.known.get(document) ?? []), ...faults])
  }

  /** True when nothing at `path` or below it is faulty, and nothing above it is of the wrong kind. */
  isSound(document: SourceDocument, path: Path): boolean {
    return !(this.known.get(document) ?? []).some((fault) => begins(fault.path, path) || (fault.code === 'wrong-type' && begins(path, fault.path)))
  }
}

const begins = (path: Path, start: Path): boolean => start.every((step, i) => path[i] === step)
