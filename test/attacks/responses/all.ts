// Every hostile response there is.
import type { HostileResponse } from '../hostile-response.ts'
import { framing } from './framing.ts'
import { heads } from './heads.ts'
import { surplus } from './surplus.ts'

export const hostileResponses: readonly HostileResponse[] = [...heads, ...framing, ...surplus]
