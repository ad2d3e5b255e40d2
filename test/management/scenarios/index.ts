// The scenarios of all operations, listed by hand like the operations themselves.
import type { Scenarios } from '../scenario.ts'
import { catalog } from './catalog.ts'
import { drafts } from './drafts.ts'
import { keys } from './keys.ts'

export const scenarios: Scenarios = { ...catalog, ...drafts, ...keys }
