// Consumers: the calling applications that the console or the API made, and what they may call.
import type { Consumer } from '../model/directory.ts'
import type { Reading, Writing } from '../ports/store.ts'
import { type Invalid, nameFault, subscriptionsFault, textFault } from './checks.ts'
import { forgetKeysOf } from './keys.ts'
import {
  type Act,
  consumers,
  consumersByTeam,
  type FileOwned,
  PAGE,
  type Page,
  type PageRequest,
  type Refused,
  refused,
  type StoredConsumer,
  type Subscription,
  teams,
} from './records.ts'

export interface ConsumerFields {
  readonly title: string
  /** Null takes it from its team. */
  readonly team?: string | null
  readonly subscriptions: { readonly [api: string]: Subscription }
}
type Unknown = Refused<'unknown-consumer'>
type OwnedByFile = Refused<'owned-by-file'>
type UnknownTeam = Refused<'unknown-team'>

const unknown = (): Unknown => refused('unknown-consumer', 'There is no consumer of that name.')
const ownedByFile = (): OwnedByFile => refused('owned-by-file', 'The configuration file defines this consumer: change it there.')

/** What the gateway needs to know of it. */
export function asConsumer({ name, subscriptions }: StoredConsumer): Consumer {
  const active = Object.entries(subscriptions)
    .filter(([, { state }]) => state === 'active')
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const plans = active.flatMap(([api, { plan }]) => (plan === undefined ? [] : [[api, plan] as const]))
  return { name, apis: active.map(([api]) => api), ...(plans.length > 0 && { plans: Object.fromEntries(plans) }) }
}

/** The caller has checked that the APIs and plans exist. */
export async function createConsumer(
  writing: Writing,
  { by, nowMs }: Act,
  file: FileOwned,
  name: string,
  fields: ConsumerFields,
): Promise<StoredConsumer | Invalid | OwnedByFile | UnknownTeam | Refused<'name-taken'>> {
  const fault = nameFault(name, 'consumer') ?? (await fieldsFault(writing, fields))
  if (fault) return fault
  if (file.hasConsumer(name)) return ownedByFile()
  if (await writing.get(consumers, name)) return refused('name-taken', 'There is a consumer of that name already.')
  // Keys that an earlier consumer of that name left behind, in a file, are not this one's.
  await forgetKeysOf(writing, { by, nowMs }, name, 'a new consumer took the name')
  const made: StoredConsumer = { name, ...pick(fields), createdMs: nowMs, createdBy: by, revision: 1 }
  writing.put(consumers, name, made)
  if (made.team !== undefined) writing.put(consumersByTeam, `${made.team}/${name}`, true)
  return made
}

/** Of the store only. */
export const getConsumer = async (reading: Reading, name: string): Promise<StoredConsumer | undefined> =>
  nameFault(name, 'consumer') ? undefined : reading.get(consumers, name)

/** Those of the store, by name; with `team`, those it answers for. */
export async function listConsumers(reading: Reading, page: PageRequest = PAGE, team?: string): Promise<Page<StoredConsumer>> {
  if (team === undefined) {
    const found = await reading.scan(consumers, page)
    return { items: found.map(({ value }) => value), ...(found.length === page.limit && { next: found.at(-1)!.key }) }
  }
  const prefix = `${team}/`
  const found = await reading.scan(consumersByTeam, { prefix, limit: page.limit, ...(page.after !== undefined && { after: prefix + page.after }) })
  const items: StoredConsumer[] = []
  for (const { key } of found) {
    const consumer = await reading.get(consumers, key.slice(prefix.length))
    if (consumer !== undefined) items.push(consumer)
  }
  return { items, ...(found.length === page.limit && { next: found.at(-1)!.key.slice(prefix.length) }) }
}

/** Members that are not given stay as they are. */
export async function updateConsumer(
  writing: Writing,
  file: FileOwned,
  name: string,
  change: Partial<ConsumerFields>,
): Promise<StoredConsumer | Invalid | Unknown | OwnedByFile | UnknownTeam> {
  if (file.hasConsumer(name)) return ownedByFile()
  const before = await getConsumer(writing, name)
  if (before === undefined) return unknown()
  const fields = { title: before.title, team: before.team ?? null, subscriptions: before.subscriptions, ...change }
  const fault = await fieldsFault(writing, fields)
  if (fault) return fault
  const { createdMs, createdBy, revision } = before
  const after: StoredConsumer = { name, ...pick(fields), createdMs, createdBy, revision: revision + 1 }
  writing.put(consumers, name, after)
  if (before.team !== after.team) {
    if (before.team !== undefined) writing.remove(consumersByTeam, `${before.team}/${name}`)
    if (after.team !== undefined) writing.put(consumersByTeam, `${after.team}/${name}`, true)
  }
  return after
}

/** One API's subscription; null ends it. */
export async function subscribe(
  writing: Writing,
  file: FileOwned,
  name: string,
  api: string,
  subscription: Subscription | null,
): Promise<StoredConsumer | Invalid | Unknown | OwnedByFile | UnknownTeam> {
  const before = await getConsumer(writing, name)
  if (before === undefined) return file.hasConsumer(name) ? ownedByFile() : unknown()
  const { [api]: _, ...others } = before.subscriptions
  return updateConsumer(writing, file, name, { subscriptions: subscription === null ? others : { ...others, [api]: subscription } })
}

/** Its keys are revoked, and nothing made later under the same name brings them back. */
export async function removeConsumer(writing: Writing, act: Act, file: FileOwned, name: string): Promise<StoredConsumer | Unknown | OwnedByFile> {
  if (file.hasConsumer(name)) return ownedByFile()
  const consumer = await getConsumer(writing, name)
  if (consumer === undefined) return unknown()
  await forgetKeysOf(writing, act, name, 'the consumer was removed')
  writing.remove(consumers, name)
  if (consumer.team !== undefined) writing.remove(consumersByTeam, `${consumer.team}/${name}`)
  return consumer
}

async function fieldsFault(reading: Reading, { title, team, subscriptions }: ConsumerFields): Promise<Invalid | UnknownTeam | undefined> {
  const fault = textFault(title, 'title') ?? subscriptionsFault(subscriptions)
  if (fault) return fault
  if (team === undefined || team === null) return undefined
  const known = nameFault(team, 'team') ? undefined : await reading.get(teams, team)
  return known === undefined ? refused('unknown-team', 'There is no team of that name.') : undefined
}
const pick = ({ title, team, subscriptions }: ConsumerFields): Pick<StoredConsumer, 'title' | 'team' | 'subscriptions'> => ({
  title,
  subscriptions,
  ...(team !== undefined && team !== null && { team }),
})
