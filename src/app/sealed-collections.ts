// Every collection of every room that holds sealed values: what a rotation of the envelope key seals anew. A room that seals and is not here stops a rotation.
import { SEALED_BY_ACME } from '../acme/records.ts'
import { sealedAuthorities } from '../authority/records.ts'
import { sealedDeadLetters } from '../outbox/dead-letters.ts'
import { sealedMessages } from '../outbox/outbox.ts'
import { SEALED_BY_PEOPLE } from '../people/sealed-factors.ts'
import type { AnySealedCollection } from '../ports/sealed-collection.ts'
import { sealedDataKeys } from '../secrets/data-keys.ts'
import { sealedNamedSecrets } from '../secrets/named-secrets.ts'
import { SEALED_BY_TRAIL } from '../trail/sealed-keys.ts'

export const SEALED_COLLECTIONS: readonly AnySealedCollection[] = [
  sealedNamedSecrets,
  sealedDataKeys,
  sealedAuthorities,
  sealedMessages,
  sealedDeadLetters,
  ...SEALED_BY_TRAIL,
  ...SEALED_BY_PEOPLE,
  ...SEALED_BY_ACME,
]
