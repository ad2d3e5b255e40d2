// Why a start came to nothing: faults of the configuration, for whoever started it.
import type { LocatedFault } from '../catalog/reading/located-fault.ts'

/** The configuration was refused: nothing runs. */
export class RefusedConfiguration extends Error {
  readonly faults: readonly LocatedFault[]
  constructor(faults: readonly LocatedFault[]) {
    super('the configuration is refused')
    this.faults = faults
  }
}
