// The scenarios of all operations, listed by hand like the operations themselves.
import type { Scenarios } from '../scenario.ts'
import { account } from './account.ts'
import { acme } from './acme.ts'
import { apis } from './apis.ts'
import { ca } from './ca.ts'
import { catalog } from './catalog.ts'
import { consumers } from './consumers.ts'
import { drafts } from './drafts.ts'
import { keys } from './keys.ts'
import { outbox } from './outbox.ts'
import { people } from './people.ts'
import { secrets } from './secrets.ts'
import { session } from './session.ts'
import { system } from './system.ts'
import { targets } from './targets.ts'
import { teams } from './teams.ts'
import { trail } from './trail.ts'
import { usage } from './usage.ts'
import { witness } from './witness.ts'

export const scenarios: Scenarios = {
  ...account,
  ...acme,
  ...apis,
  ...ca,
  ...catalog,
  ...consumers,
  ...drafts,
  ...keys,
  ...outbox,
  ...people,
  ...secrets,
  ...session,
  ...system,
  ...targets,
  ...teams,
  ...trail,
  ...usage,
  ...witness,
}
