// The `mirror` of an API: which of its requests another upstream gets a copy of, whose answers nobody waits for.
import { boolean, described, type Infer, integer, list, object, oneOf, optional, size } from '../../base/schema.ts'
import { METHODS } from '../../http/methods.ts'
import { share } from './canary-schema.ts'
import { reference } from './shared-schema.ts'
import { upstream } from './upstream-schema.ts'

export const mirror = object(
  {
    to: described('The upstream that gets the copies: an address, an object, or the name of one of the `upstreams`.', reference(upstream, 'an upstream')),
    share: optional(share('So many of 100 requests, chosen by chance.'), 10_000),
    methods: optional(
      list(oneOf(METHODS), {
        min: 1,
        max: METHODS.length,
        describe: 'Left out, only those that change nothing: an order that is mirrored is ordered twice, unless the upstream behind is made for it.',
      }),
      ['GET', 'HEAD', 'OPTIONS'],
    ),
    inFlight: optional(integer({ min: 1, max: 1000, describe: 'Copies under way at once, per gateway thread; above it none is made.' }), 32),
    bodySize: optional(size({ maxBytes: 10 * 1024 * 1024, describe: 'Requests with a larger body are not copied.' }), 64 * 1024),
    credentials: optional(boolean('True copies `Authorization` and `Cookie` too. Whoever gets the copies can then act as the caller.'), false),
  },
  'Another upstream gets a copy of some requests: its answers are thrown away, and no request waits for it.',
)
export type MirrorSection = Infer<typeof mirror>
