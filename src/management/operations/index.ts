// The operations of the management API, listed by hand: what stands here is served, described, documented and tested.
import type { AnyOperation } from '../operation.ts'
import { createConsumer } from './consumers/create-consumer.ts'
import { getConsumer } from './consumers/get-consumer.ts'
import { listConsumers } from './consumers/list-consumers.ts'
import { removeConsumer } from './consumers/remove-consumer.ts'
import { subscribeConsumer } from './consumers/subscribe-consumer.ts'
import { unsubscribeConsumer } from './consumers/unsubscribe-consumer.ts'
import { updateConsumer } from './consumers/update-consumer.ts'
import { createKey } from './keys/create-key.ts'
import { expireKey } from './keys/expire-key.ts'
import { getKey } from './keys/get-key.ts'
import { listKeys } from './keys/list-keys.ts'
import { listUnusedKeys } from './keys/list-unused-keys.ts'
import { reportLeakedKey } from './keys/report-leaked-key.ts'
import { revokeKey } from './keys/revoke-key.ts'
import { rotateKey } from './keys/rotate-key.ts'
import { createTeam } from './teams/create-team.ts'
import { getTeam } from './teams/get-team.ts'
import { listTeams } from './teams/list-teams.ts'
import { removeTeam } from './teams/remove-team.ts'
import { tellContactKey } from './teams/tell-contact-key.ts'
import { updateTeam } from './teams/update-team.ts'
import { getUsage } from './usage/get-usage.ts'
import { listCallers } from './usage/list-callers.ts'

const consumers = [createConsumer, getConsumer, listConsumers, removeConsumer, subscribeConsumer, unsubscribeConsumer, updateConsumer]
const keys = [createKey, expireKey, getKey, listKeys, listUnusedKeys, reportLeakedKey, revokeKey, rotateKey]
const teams = [createTeam, getTeam, listTeams, removeTeam, tellContactKey, updateTeam]
const usage = [getUsage, listCallers]

export const operations: readonly AnyOperation[] = [...consumers, ...keys, ...teams, ...usage]
