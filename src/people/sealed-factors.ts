// Where this room keeps sealed values, told to whoever rotates the envelope's key: seeds of authenticator apps, and secrets of single sign-on.
import type { AnySealedCollection, SealedCollection } from '../ports/sealed-collection.ts'
import { TOTPS, TOTPS_BEGUN, type Totp } from './factors.ts'
import { sealedFor as seedPlace } from './second-factor.ts'
import { sealedFor as secretPlace } from './sso-provider.ts'
import { PROVIDERS, type Provider } from './sso-records.ts'

const sealedTotps: SealedCollection<Totp> = {
  collection: TOTPS,
  map: (value, personId, reseal) => ({ ...value, sealedSeed: reseal(value.sealedSeed, seedPlace(personId)) }),
}
const sealedTotpsBegun: SealedCollection<{ readonly sealedSeed: string; readonly expiresAtMs: number }> = {
  collection: TOTPS_BEGUN,
  map: (value, personId, reseal) => ({ ...value, sealedSeed: reseal(value.sealedSeed, seedPlace(personId)) }),
}
const sealedProviders: SealedCollection<Provider> = {
  collection: PROVIDERS,
  map: (value, name, reseal) => ({ ...value, sealedSecret: reseal(value.sealedSecret, secretPlace(name)) }),
}

export const SEALED_BY_PEOPLE: readonly AnySealedCollection[] = [sealedTotps, sealedTotpsBegun, sealedProviders]
