// The scenarios of all operations, listed by hand like the operations themselves.
import type { Scenarios } from '../scenario.ts'
import { keys } from './keys.ts'
import { secrets } from './secrets.ts'
import { system } from './system.ts'
import { trail } from './trail.ts'
import { witness } from './witness.ts'

export const scenarios: Scenarios = { ...keys, ...secrets, ...system, ...trail, ...witness }
