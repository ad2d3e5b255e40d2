// Who a credential of the directory stands for, as policies leave it for those behind them.
import type { KnownKey } from '../model/directory.ts'
import type { FoundKey } from '../ports/credentials.ts'
import type { PrincipalValue } from './slots.ts'

/**
 * One value per credential, for as long as the directory keeps it at hand: it stands on the key, where a property costs less than a look-up. `by`: the policy,
 * always the same one for one credential, as an API key never has the digest of a certificate.
 */
export function principalOf({ key, consumer }: FoundKey, by: string): PrincipalValue {
  const own: Recognised = key
  let principal = own[PRINCIPAL]
  if (principal === undefined || principal.plans !== consumer.plans) {
    principal = { consumer: consumer.name, credential: key.id, by, plans: consumer.plans }
    own[PRINCIPAL] = principal
  }
  return principal
}
const PRINCIPAL = Symbol('principal')
type Recognised = KnownKey & { [PRINCIPAL]?: PrincipalValue }
