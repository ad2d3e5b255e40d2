// Whether subscriptions name APIs and plans that the live configuration has.
import type { Subscription } from '../../../directory/records.ts'
import type { Snapshot } from '../../../model/snapshot.ts'
import type { Call, Refused } from '../../operation.ts'

/** The plans an API offers, as the policy that holds callers to them was given them; undefined: it is called without one. */
function offerOf(apis: Snapshot['apis']): { readonly plans: object; readonly default?: string } | undefined {
  const attached = apis.flatMap(({ policySets }) => policySets.flat()).find(({ policy }) => policy === 'plan')
  return attached?.config as { readonly plans: object; readonly default?: string } | undefined
}

/** The first fault. Those in `known` were accepted before and are not judged again: what a publish took away must not stand in the way of other changes. */
export function subscriptionRefusal(
  call: Call<unknown, unknown, unknown>,
  subscriptions: { readonly [api: string]: Subscription },
  known: { readonly [api: string]: Subscription } = {},
): (Refused & { readonly refused: 'unknown-api' | 'plan-not-offered' | 'plan-needed' }) | undefined {
  const { apis } = call.plane.services.catalog.configuration.snapshot
  for (const [api, { plan }] of Object.entries(subscriptions)) {
    if (Object.hasOwn(known, api) && known[api]!.plan === plan) continue
    // Versions of an API are subscribed to together, by its name.
    const meant = apis.filter(({ name }) => name === api || name.startsWith(`${api}@`))
    if (meant.length === 0) return { refused: 'unknown-api', detail: `There is no API '${api}' in the live configuration.` }
    const offer = offerOf(meant)
    if (plan === undefined && offer !== undefined && offer.default === undefined)
      return { refused: 'plan-needed', detail: `The API '${api}' is called on a plan: choose one.` }
    if (plan !== undefined && !Object.hasOwn(offer?.plans ?? {}, plan))
      return { refused: 'plan-not-offered', detail: `The API '${api}' does not offer the plan '${plan}'.` }
  }
  return undefined
}
