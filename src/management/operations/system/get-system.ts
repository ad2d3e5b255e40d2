// getSystem: how this Gatehouse is: what runs, where it keeps things, and what needs somebody's attention.
import { boolean, integer, list, object, oneOf, optional, string } from '../../../base/schema.ts'
import { liveNodes } from '../../../catalog/revisions/nodes.ts'
import { insecureUpstreams } from '../../../model/upstream-reports.ts'
import { countDeadLetters } from '../../../outbox/dead-letters.ts'
import { isStale } from '../../../secrets/open-envelope.ts'
import { lastDelivery } from '../../../trail/checkpoint-round.ts'
import { readCheckpoints } from '../../../trail/checkpoints.ts'
import { readEntry, readHead } from '../../../trail/records.ts'
import { defineOperation, done } from '../../operation.ts'
import { line, moment, momentOf } from '../../texts.ts'

const count = (describe: string) => integer({ min: 0, max: Number.MAX_SAFE_INTEGER, describe })
const NODES_MAX = 1000

export const getSystem = defineOperation({
  name: 'getSystem',
  resource: 'system',
  method: 'GET',
  path: '/system',
  summary: 'How this Gatehouse is.',
  permission: 'system:read',
  reach: 'all',
  output: object({
    version: line(64, 'Of Gatehouse.'),
    time: moment('The clock of this node.'),
    store: oneOf(['sqlite', 'postgres', 'memory'], 'The kind of store.'),
    generation: count('Of the configuration that is live here: counts up with each that is.'),
    nodes: list(
      object({
        id: line(100, 'Its name.'),
        started: moment('When it started.'),
        heard: moment('When it was last heard of.'),
        revision: count('The revision it runs.'),
      }),
      { max: NODES_MAX, describe: 'The processes that share this store and were heard of within a minute.' },
    ),
    envelope: object({
      keyId: string({ pattern: /^[0-9a-f]{16}$/, maxLength: 16, describe: 'The key that seals.' }),
      stale: boolean('Whether the store goes by another key by now: this node has to start anew.'),
    }),
    drift: count('How much is not as one of its owners says.'),
    deadLetters: count('Messages that were given up.'),
    insecureUpstreams: list(object({ api: line(200, 'The API, `API@VERSION`, or `API~canary`.'), upstream: line(2200, 'Where it leads.') }), {
      max: 1_000_000,
      describe: 'Upstreams whose certificate nobody verifies: whoever is on the way there reads and changes everything.',
    }),
    trail: object({
      size: count('How many entries.'),
      checkpoint: optional(object({ size: count('Of how many entries.'), time: moment('Of the last of them.') }, 'The last that is kept.')),
      anchored: optional(object({ size: count('Of how many entries.'), time: moment('When.') }, 'What was brought out of the store last.')),
    }),
  }),
  refusals: {},
  async run({ nowMs, plane: { services } }, store) {
    const { system, envelope, catalog } = services
    const [last] = await readCheckpoints(store, 1)
    const covered = last && (await readEntry(store, last.size - 1))
    const anchored = await lastDelivery(store)
    const nodes = (await liveNodes(store, nowMs)).slice(0, NODES_MAX)
    return done({
      version: system.version,
      time: momentOf(nowMs),
      store: system.storeKind,
      generation: system.generation(),
      nodes: nodes.map(({ id, startedMs, atMs, revision }) => ({ id, started: momentOf(startedMs), heard: momentOf(atMs), revision })),
      envelope: { keyId: envelope.keyId, stale: await isStale(store, envelope) },
      drift: (await catalog.drift(store)).length,
      deadLetters: await countDeadLetters(store),
      insecureUpstreams: insecureUpstreams(catalog.configuration.snapshot),
      trail: {
        size: (await readHead(store))?.size ?? 0,
        ...(last && covered && { checkpoint: { size: last.size, time: covered.time } }),
        ...(anchored && { anchored: { size: anchored.size, time: momentOf(anchored.atMs) } }),
      },
    })
  },
})
