// How a consumer is told and taken: whoever defines it, in one shape.
import { checked, type Infer, list, object, oneOf, optional } from '../../../base/schema.ts'
import { SUBSCRIPTIONS_MAX } from '../../../directory/checks.ts'
import type { StoredConsumer, Subscription } from '../../../directory/records.ts'
import type { Consumer } from '../../../model/directory.ts'
import type { RefusalDeclaration } from '../../operation.ts'
import { line, moment, momentOf, nameText } from '../../texts.ts'

const state = oneOf(['active', 'pending', 'suspended'], 'Only an active one lets the consumer in.')
export const subscriptionShape = {
  plan: optional(nameText('The plan it calls the API on; left out: the API’s default plan, or none where the API offers none.')),
  state: optional(state, 'active'),
}
const subscription = object({ api: nameText('The API it may call.'), ...subscriptionShape })
const subscriptions = checked(list(subscription, { max: SUBSCRIPTIONS_MAX, describe: 'What it may call.' }), (all) =>
  new Set(all.map(({ api }) => api)).size === all.length ? undefined : { code: 'duplicate-item', message: 'a consumer subscribes to an API once' },
)

export const consumerName = nameText('The consumer’s name.')
export const consumerParameters = object({ consumer: consumerName })
export const subscriptionParameters = object({ consumer: consumerName, api: nameText('The API.') })
export const consumerFields = {
  title: optional(line(200, 'What people call it.'), ''),
  team: optional(nameText('The team that answers for it.')),
  subscriptions: optional(subscriptions, []),
}
export const consumerSchema = object({
  name: consumerName,
  owner: oneOf(['file', 'store'], '`file`: a file of the configuration defines it, and it is changed there alone.'),
  title: line(200, 'What people call it.'),
  team: optional(nameText('The team that answers for it.')),
  subscriptions,
  created: optional(moment('When it was made; absent for one of a file.')),
  createdBy: optional(line(100, 'Who made it; absent for one of a file.')),
})
export type ConsumerShown = Infer<typeof consumerSchema>
type Given = Infer<typeof subscriptions>

/** As the directory keeps them. */
export const kept = (all: Given): { readonly [api: string]: Subscription } =>
  Object.fromEntries(all.map(({ api, plan, state = 'active' }) => [api, { ...(plan !== undefined && { plan }), state }]))

export function shownConsumer({ name, title, team, subscriptions: held, createdMs, createdBy }: StoredConsumer): ConsumerShown {
  const all = Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    name,
    owner: 'store',
    title,
    ...(team !== undefined && { team }),
    subscriptions: all.map(([api, { plan, state }]) => ({ api, ...(plan !== undefined && { plan }), state })),
    created: momentOf(createdMs),
    createdBy,
  }
}
export function shownFiled({ name, apis, plans = {} }: Consumer): ConsumerShown {
  const subscribed = apis.map((api) => ({ api, ...(plans[api] !== undefined && { plan: plans[api] }), state: 'active' as const }))
  return { name, owner: 'file', title: '', subscriptions: subscribed }
}

export const OWNED_BY_FILE: RefusalDeclaration = {
  status: 409,
  says: 'A file of the configuration defines this: change it there.',
  mend: 'Edit the file. What a file owns is read here and changed nowhere else.',
}
export const UNKNOWN_TEAM: RefusalDeclaration = { status: 422, says: 'There is no team of that name.', mend: 'Create the team first, or name another.' }
/** What can be wrong with a subscription. */
export const SUBSCRIPTION_REFUSALS = {
  'unknown-api': { status: 422, says: 'There is no such API in the live configuration.', mend: 'Publish the API first, or check its name.' },
  'plan-not-offered': { status: 422, says: 'The API does not offer that plan.', mend: 'Choose one of the plans that the API lists under `plans`.' },
  'plan-needed': {
    status: 422,
    says: 'The API is called on a plan: choose one.',
    mend: 'Name one of the plans that the API lists under `plans`; none of them is the default.',
  },
} as const satisfies Record<string, RefusalDeclaration>
