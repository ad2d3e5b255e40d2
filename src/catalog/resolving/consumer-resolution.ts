// Makes the directory out of the consumers of all files.
import type { Fault, Path } from '../../base/fault.ts'
import { suggestion } from '../../base/fault.ts'
import { type CertificateCredential, certificateDigest } from '../../model/client-certificate.ts'
import type { Consumer, DirectoryContent, KeyCredential } from '../../model/directory.ts'
import { apiOf } from '../../model/names.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import type { ConsumersSection } from '../sections/consumer-schema.ts'
import type { PlacedFault } from './place-checks.ts'
import type { PlanOffer } from './plan-offer.ts'

export interface PlacedConsumer {
  readonly name: string
  readonly consumer: ConsumersSection[string]
  readonly document: SourceDocument
  readonly path: Path
}

/**
 * Consumers and keys in an order that does not depend on the file. An expired key is left out with a notice and is no fault: a configuration that was
 * good yesterday must still start today.
 */
export function resolveConsumers(
  placed: readonly PlacedConsumer[],
  apis: readonly string[],
  offers: Offers,
  nowMs: number,
  missingStore: (name: string, path: Path) => Fault | undefined,
): { content: DirectoryContent; faults: PlacedFault[]; notices: PlacedFault[] } {
  const faults: PlacedFault[] = []
  const notices: PlacedFault[] = []
  const consumers: Consumer[] = []
  const keys: KeyCredential[] = []
  const owners = new Map<string, string>()
  for (const { name, consumer, document, path } of placed) {
    const report = (fault: Fault): void => void faults.push({ document, fault })
    for (const [i, api] of consumer.apis.entries()) {
      const at: Path = [...path, 'apis', i]
      if (!apis.includes(api)) report({ code: 'unknown-api', path: at, message: `there is no API '${api}'${suggestion(api, apis)}` })
      else if (consumer.apis.indexOf(api) < i) report({ code: 'duplicate-item', path: at, message: `'${api}' stands here twice` })
    }
    for (const { digest, expires, at, what } of credentialsOf(consumer, path)) {
      const owner = owners.get(digest)
      if (owner !== undefined)
        report({ code: 'duplicate-key-hash', path: at, message: `this ${what} belongs to '${owner}' already: one ${what}, one consumer, once` })
      owners.set(digest, name)
      if (expires !== undefined && expires <= nowMs)
        notices.push({ document, fault: { code: 'expired-key', path: at, message: `this ${what} of '${name}' has expired and is refused: take it out` } })
      else keys.push({ digest, consumer: name, ...(expires !== undefined && { expiresMs: expires }) })
    }
    for (const [i, { trust }] of consumer.certificates.entries()) {
      const missing = trust === undefined ? undefined : missingStore(trust, [...path, 'certificates', i, 'trust'])
      if (missing) report(missing)
    }
    const plans = plansOf(consumer, path, apis, offers, report)
    const all = [...new Set([...consumer.apis, ...Object.keys(consumer.subscriptions)])].sort()
    consumers.push({ name, apis: all, ...(Object.keys(plans).length > 0 && { plans }) })
  }
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
  return { content: { consumers: consumers.sort(byName), keys: keys.sort((a, b) => (a.digest < b.digest ? -1 : 1)) }, faults, notices }
}

interface Credential {
  readonly digest: string
  readonly expires: number | undefined
  readonly at: Path
  readonly what: 'key' | 'certificate'
}
function credentialsOf({ keys, certificates }: ConsumersSection[string], path: Path): Credential[] {
  const ofKeys = keys.map(({ hash, expires }, i): Credential => ({ digest: hash, expires, at: [...path, 'keys', i, 'hash'], what: 'key' }))
  const ofCertificates = certificates.map(({ thumbprint, subject, san, trust = '', expires }, i): Credential => {
    const credential: CertificateCredential =
      thumbprint !== undefined
        ? { kind: 'thumbprint', thumbprint }
        : subject !== undefined
          ? { kind: 'subject', name: subject, trust }
          : { kind: 'san', name: san!, trust }
    return { digest: certificateDigest(credential), expires, at: [...path, 'certificates', i], what: 'certificate' }
  })
  return [...ofKeys, ...ofCertificates]
}

/** For every sound API, what plans it offers, if any. */
export type Offers = ReadonlyMap<string, PlanOffer | undefined>

/** The plan of a consumer for each API that offers plans: the one it chose, or the default one. */
function plansOf(
  { apis, subscriptions }: ConsumersSection[string],
  path: Path,
  known: readonly string[],
  offers: Offers,
  report: (fault: Fault) => void,
): { [api: string]: string } {
  const plans: { [api: string]: string } = {}
  for (const [api, { plan }] of Object.entries(subscriptions)) {
    const at: Path = [...path, 'subscriptions', api]
    if (!known.includes(api)) report({ code: 'unknown-api', path: at, atKey: true, message: `there is no API '${api}'${suggestion(api, known)}` })
    if (apis.includes(api))
      report({ code: 'duplicate-item', path: at, atKey: true, message: `'${api}' stands under 'apis' too: with a plan, it stands only here` })
    const offered = offers.get(api)?.names ?? []
    if (offers.has(api) && !offered.includes(plan))
      report({ code: 'plan-not-offered', path: [...at, 'plan'], message: `the API '${api}' does not offer the plan '${plan}'${suggestion(plan, offered)}` })
    plans[api] = plan
  }
  for (const [i, grant] of apis.entries()) {
    // Plans are those of the whole API: who is let into one version by name is on the plan that it has of all.
    const api = apiOf(grant)
    const offer = offers.get(api)
    if (api !== grant && Object.hasOwn(plans, api)) continue
    if (offer?.fallback !== undefined) plans[api] = offer.fallback
    // A plan that is unsound may be the default one.
    else if (offer && offer.plans.size === offer.names.length) {
      const choice = offer.names.join(', ')
      report({ code: 'plan-needed', path: [...path, 'apis', i], message: `the API '${api}' is called on a plan: choose one under 'subscriptions' (${choice})` })
    }
  }
  return Object.fromEntries(Object.entries(plans).sort(([a], [b]) => (a < b ? -1 : 1)))
}
