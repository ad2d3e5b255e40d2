// The operations of the management API, listed by hand: what stands here is served, described, documented and tested.
import type { AnyOperation } from '../operation.ts'
import { accountOperations } from './account/index.ts'
import { acmeOperations } from './acme/index.ts'
import { apisOperations } from './apis/index.ts'
import { backupsOperations } from './backups/index.ts'
import { caOperations } from './ca/index.ts'
import { catalogOperations } from './catalog/index.ts'
import { consumersOperations } from './consumers/index.ts'
import { draftsOperations } from './drafts/index.ts'
import { driftOperations } from './drift/index.ts'
import { keysOperations } from './keys/index.ts'
import { objectsOperations } from './objects/index.ts'
import { outboxOperations } from './outbox/index.ts'
import { peopleOperations } from './people/index.ts'
import { providersOperations } from './providers/index.ts'
import { revisionsOperations } from './revisions/index.ts'
import { rolesOperations } from './roles/index.ts'
import { secretsOperations } from './secrets/index.ts'
import { sessionOperations } from './session/index.ts'
import { systemOperations } from './system/index.ts'
import { targetsOperations } from './targets/index.ts'
import { teamsOperations } from './teams/index.ts'
import { tokensOperations } from './tokens/index.ts'
import { trailOperations } from './trail/index.ts'
import { usageOperations } from './usage/index.ts'
import { witnessOperations } from './witness/index.ts'

export const operations: readonly AnyOperation[] = [
  ...accountOperations,
  ...acmeOperations,
  ...apisOperations,
  ...backupsOperations,
  ...caOperations,
  ...catalogOperations,
  ...consumersOperations,
  ...draftsOperations,
  ...driftOperations,
  ...keysOperations,
  ...objectsOperations,
  ...outboxOperations,
  ...peopleOperations,
  ...providersOperations,
  ...revisionsOperations,
  ...rolesOperations,
  ...secretsOperations,
  ...sessionOperations,
  ...systemOperations,
  ...targetsOperations,
  ...teamsOperations,
  ...tokensOperations,
  ...trailOperations,
  ...usageOperations,
  ...witnessOperations,
]
