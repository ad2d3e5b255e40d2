// drainTarget: a target takes no further requests from an API; those that are under way finish.
import { boolean, duration, object, optional, withDefault } from '../../../base/schema.ts'
import { DRAINS_MAX, drainsOf, putDrain } from '../../../lifecycle/drains.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { nameText } from '../../texts.ts'
import { thisApi } from '../apis/api-reach.ts'
import { knownTargets, shownTargets, targetList, targetName } from './target-schema.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const span = duration({ minMs: 0, maxMs: DAY_MS, describe: 'How long WebSockets and streams of events, which have no end of their own, may stay there.' })
const stay = { ...span, json: { ...span.json, maxLength: 16 } }

export const drainTarget = defineOperation({
  name: 'drainTarget',
  resource: 'targets',
  method: 'POST',
  path: '/apis/{api}/targets/drain',
  summary:
    'Drains a target of an API, its versions and canaries: no further request goes there when this is answered, those under way finish. It stays drained, whatever is published or restarted, until `undrainTarget`.',
  permission: 'apis:patch',
  reach: thisApi,
  parameters: object({ api: nameText('The API.') }),
  body: object({
    target: targetName,
    streams: withDefault(stay, '5m'),
    last: optional(boolean('True: also when no other target is left that takes requests, and callers get 503.'), false),
  }),
  output: object({ items: targetList }),
  refusals: {
    'unknown-target': { status: 422, says: 'No upstream of this API leads there.', mend: '`listTargets` tells the addresses, each with its port.' },
    last: {
      status: 409,
      says: 'No other target would be left that takes requests.',
      mend: 'Add or undrain another one first. `last: true` drains it all the same: callers get 503.',
    },
    'too-many': { status: 409, says: `An API has at most ${DRAINS_MAX} drained targets.`, mend: 'Undrain those that are gone from its upstreams.' },
  },
  act: 'target.drain',
  live: true,
  object: ({ parameters }) => ({ kind: 'api', name: parameters.api }),
  prepare: ({ parameters, plane }) => knownTargets(plane, parameters.api),
  async run({ parameters: { api }, body: { target, streams, last }, operator, nowMs }, store, known) {
    const leading = known.filter(({ targets }) => targets.some(({ name }) => name === target))
    if (leading.length === 0) return refused('unknown-target')
    const drained = new Set((await drainsOf(store, api)).map((each) => each.target)).add(target)
    const isLeft = ({ targets }: (typeof known)[number]): boolean => targets.some(({ name, weight }) => weight > 0 && !drained.has(name))
    if (!last && !leading.every(isLeft)) return refused('last')
    const drain = await putDrain(store, { api, target, sinceMs: nowMs, streamsUntilMs: nowMs + streams, by: operator.actor.id })
    if (drain === undefined) return refused('too-many')
    return done({ items: shownTargets(known, await drainsOf(store, api), api) }, { detail: { target } })
  },
})
