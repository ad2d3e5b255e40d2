// What gateway threads are told when a configuration goes live.
import type { DirectoryMemory } from '../adapters/shared-memory/shared-directory.ts'
import type { Configuration } from '../catalog/resolving/resolve.ts'
import { checkedTargets } from '../model/checked-targets.ts'
import { cutSnapshot } from '../model/snapshot-pieces.ts'
import type { PolicyRevisions } from '../own-policies/revisions.ts'
import type { Publication } from './thread-messages.ts'

export interface PublicationParts {
  readonly generation: number
  readonly directory: DirectoryMemory
  readonly revisions: PolicyRevisions
  /** Undefined before the control listener listens: then it is the one that is configured. */
  readonly controlPort: number | undefined
}

export function publicationOf({ snapshot, ownPolicies, control, egress }: Configuration, parts: PublicationParts): Publication {
  const { host, port } = control.listen
  return {
    generation: parts.generation,
    pieces: cutSnapshot(snapshot),
    directory: parts.directory,
    checked: checkedTargets(snapshot),
    ownPolicies: parts.revisions.handed(ownPolicies),
    egress: { allowPrivate: egress.allowPrivate, own: [{ host, port: parts.controlPort ?? port }] },
  }
}
