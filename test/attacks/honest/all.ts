// Every honest request there is.
import type { HonestRequest } from '../honest-request.ts'
import { bodyForms } from './bodies.ts'
import { connections } from './connections.ts'
import { fieldForms } from './fields.ts'
import { hostForms } from './hosts.ts'
import { methods } from './methods.ts'
import { targets } from './targets.ts'

export const honestRequests: readonly HonestRequest[] = [...methods, ...targets, ...hostForms, ...fieldForms, ...bodyForms, ...connections]
