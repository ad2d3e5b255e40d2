// The scenarios of all operations, listed by hand like the operations themselves.
import type { Scenarios } from '../scenario.ts'
import { consumers } from './consumers.ts'
import { keys } from './keys.ts'
import { teams } from './teams.ts'
import { usage } from './usage.ts'

export const scenarios: Scenarios = { ...consumers, ...keys, ...teams, ...usage }
