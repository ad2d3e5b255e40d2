// What a configuration wants of ACME: the authority, and every name that some listener lists, with what cannot work of it.

import { NAMES_MAX } from '../../acme/records.ts'
import type { AcmeSettings } from '../../acme/settings.ts'
import type { Fault, Path } from '../../base/fault.ts'
import type { GatewaySection } from '../sections/gateway-settings.ts'
import type { SharedObjects } from './shared-objects.ts'

export interface AcmeResolution {
  /** Absent: no listener wants a certificate by ACME. */
  readonly acme?: AcmeSettings
  readonly faults: readonly Fault[]
}

const NO_AUTHORITY = 'no authority is named: gateway.acme: { directory: https://..., termsOfServiceAgreed: true }'

export function resolveAcme({ acme, listen }: Pick<GatewaySection, 'acme' | 'listen'>, shared: SharedObjects): AcmeResolution {
  const faults: Fault[] = []
  const fault = (code: string, path: Path, message: string): void => void faults.push({ code, path, message })
  const names = [...new Set(listen.flatMap(({ tls }) => tls?.acme ?? []))].sort()
  for (const [i, { tls }] of listen.entries()) if (tls?.acme && acme === undefined) fault('acme-missing', ['gateway', 'listen', i, 'tls', 'acme'], NO_AUTHORITY)
  if (names.length > NAMES_MAX) fault('too-many-names', ['gateway', 'listen'], `${names.length} names are listed under acme; ${NAMES_MAX} are the most`)
  if (acme === undefined) return { faults }
  const at: Path = ['gateway', 'acme']
  const missing = acme.trust === undefined ? undefined : shared.missing('trustStores', acme.trust, [...at, 'trust'])
  if (missing) faults.push(missing)
  if (names.length === 0) fault('acme-without-names', at, 'no listener lists a name: { address: https://..., tls: { acme: [shop.example.org] } }')
  if (acme.challenge === 'http-01' && !listen.some(({ scheme }) => scheme === 'http'))
    fault('no-listener-in-clear', [...at, 'challenge'], 'http-01 is proved on an http:// listener that port 80 of the names leads to: there is none')
  if (names.length === 0) return { faults }
  const { directory, contact, challenge, externalAccount, trust } = acme
  const pem = trust === undefined ? undefined : (shared.trustStores.get(trust) ?? []).join('\n')
  return { acme: { directory, contact, challenge, names, ...(externalAccount && { externalAccount }), ...(pem !== undefined && { trust: pem }) }, faults }
}
