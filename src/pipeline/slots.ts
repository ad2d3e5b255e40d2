// Slots: what one policy leaves for later ones, typed, and checked at load to have been written before it is read.
import type { ClientCertificate } from '../model/client-certificate.ts'

/** A named place on the exchange. Slots are made once, at module load, and never per request. */
export interface Slot<T> {
  readonly name: string
  readonly index: number
  /** Carries the type only. */
  readonly type?: T
}

let made = 0
/** A new slot. There are few: each costs one array element per exchange. */
export const slot = <T>(name: string): Slot<T> => ({ name, index: made++ })
export const slotCount = (): number => made

/** Who is calling, as one identify policy established it. */
export interface PrincipalValue {
  /** The consumer's name in the directory. */
  readonly consumer: string
  /** A stable, public handle of the very credential shown, safe to log: never the secret nor its full digest. */
  readonly credential: string
  /** The policy that vouches for it. */
  readonly by: string
  /** By API that offers plans: the plan that the consumer is on. The same object for as long as nothing of it changes. */
  readonly plans?: { readonly [api: string]: string }
}
export const Principal = slot<PrincipalValue>('Principal')

/** The certificate that the caller shows, believed or not, as the gateway found it; policies read it and never write it. */
export const ShownCertificate = slot<ClientCertificate>('ShownCertificate')
