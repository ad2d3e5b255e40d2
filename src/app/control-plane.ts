// Puts together what the management API acts on: the rooms over one store, with one clock, one envelope and one way out.

import type { Clock } from '../base/clock.ts'
import { randomSecret } from '../base/ids.ts'
import { NetworkSet } from '../base/ip.ts'
import type { CatalogPublishing } from '../catalog/revisions/catalog-publishing.ts'
import type { AdminToken } from '../management/admin-token.ts'
import type { BackUps, LiveTargets, Plane, Services, SystemFacts } from '../management/plane.ts'
import { RefusalLog } from '../management/refusal-log.ts'
import { Resolving } from '../management/resolving.ts'
import { apiOf } from '../model/names.ts'
import type { SignInPolicy, Site } from '../people/means.ts'
import { type HashCosts, PasswordHashing } from '../people/password-hashing.ts'
import { SingleSignOn } from '../people/single-sign-on.ts'
import type { Counters } from '../ports/counters.ts'
import type { Egress } from '../ports/egress.ts'
import type { Envelope } from '../ports/envelope.ts'
import type { Store } from '../ports/store.ts'
import type { Trail } from '../trail/trail.ts'
import type { LiveDirectory } from './live-directory.ts'
import { operatorOf } from './operator-access.ts'

/** Requests a minute that one operator, and one address, may send to the control listener. */
const REQUESTS_PER_MINUTE = 600

export interface ControlParts {
  readonly store: Store
  readonly backUps: BackUps
  readonly responses: Services['responses']
  readonly system: SystemFacts
  readonly targets: LiveTargets & { catchUp(): Promise<void> }
  readonly clock: Clock
  /** Of operators. */
  readonly counters: Counters
  /** Of addresses before anyone is known, in memory of their own. */
  readonly guestCounters: Counters
  readonly envelope: Envelope
  readonly egress: Egress
  readonly trail: Trail
  readonly catalog: CatalogPublishing
  readonly directory: Pick<LiveDirectory, 'digests' | 'contactKeys' | 'file' | 'catchUp'>
  readonly adminToken: AdminToken
  /** The file says that it counts, however it was switched. */
  readonly adminTokenAlways?: boolean
  readonly tell: Services['tell']
  /** The data key of the people room. */
  readonly peopleKey: Uint8Array
  readonly site: Site
  readonly signIn: SignInPolicy
  readonly random?: (octets: number) => Uint8Array
  readonly requestsPerMinute?: number
  /** What hashing a password costs; absent: what OWASP asks. */
  readonly hashCosts?: HashCosts
  readonly report: (cause: unknown) => void
  readonly ready: () => boolean
  readonly unready?: () => readonly string[]
  readonly metrics: () => Promise<string>
}

export function controlPlane(parts: ControlParts): Plane {
  const {
    store,
    clock,
    envelope,
    egress,
    trail,
    catalog,
    directory,
    backUps,
    responses,
    system,
    targets,
    report,
    tell,
    random = randomSecret,
    requestsPerMinute = REQUESTS_PER_MINUTE,
  } = parts
  const nowMs = (): number => Math.floor(clock.nowUs() / 1000)
  const record: Plane['record'] = async (writing, event) => void (await trail.append(writing, event, nowMs()))
  const hashing = new PasswordHashing({ key: parts.peopleKey, random, ...(parts.hashCosts && { costs: parts.hashCosts }) })
  const people = { store, record, clock, random, key: parts.peopleKey, envelope, egress, hashing, site: parts.site, policy: parts.signIn }
  const admin = { accepts: parts.adminToken.accepts.bind(parts.adminToken), isAlways: parts.adminTokenAlways ?? false }
  const trusted = networks()
  const perMinute = { algorithm: 'gcra', limit: requestsPerMinute, windowMs: 60_000 } as const
  return {
    store,
    nowMs,
    record,
    authenticate: (shown) => operatorOf(shown, admin, people, report),
    ownerOf: (api) => catalog.configuration.owners.get(apiOf(api)),
    settle: async () => {
      await catalog.refresh()
      await directory.catchUp()
      await targets.catchUp()
    },
    limiter: parts.counters.limiter('management', perMinute),
    guests: parts.guestCounters.limiter('management', perMinute),
    refusals: new RefusalLog(parts.counters, parts.guestCounters),
    requestsPerMinute,
    repetitionKey: parts.peopleKey,
    report,
    origin: parts.site.origin,
    isSecure: parts.site.origin.startsWith('https:'),
    trusted: () => trusted(catalog.configuration.snapshot.gateway.trustedProxies),
    ready: parts.ready,
    ...(parts.unready && { unready: parts.unready }),
    metrics: parts.metrics,
    services: {
      ...{ envelope, egress, random, trail, people, directory, catalog, backUps, system, responses, targets, tell },
      resolving: new Resolving(catalog, nowMs),
      singleSignOn: new SingleSignOn(people),
    },
  }
}

/** Networks as a set, made anew when the list is another one. */
function networks(): (list: readonly string[]) => NetworkSet | undefined {
  let made: { readonly list: readonly string[]; readonly set: NetworkSet | undefined } | undefined
  return (list) => {
    if (made?.list !== list) made = { list, set: list.length === 0 ? undefined : NetworkSet.of(list) }
    return made.set
  }
}
