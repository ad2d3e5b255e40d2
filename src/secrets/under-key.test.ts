// From the moment that another node has begun a rotation, nothing is sealed under the old key any more.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LossyStore } from '../../test/support/lossy-store.ts'
import { StoreUnavailable } from '../ports/store.ts'
import { dataKey, sealedDataKeys } from './data-keys.ts'
import { KeyedEnvelope } from './envelope.ts'
import { newEnvelopeKey } from './envelope-key.ts'
import { checkUnder, keyChecks, ONLY } from './key-records.ts'
import { rotateEnvelope } from './rotation.ts'
import { underKey } from './under-key.ts'

test('the very next write of a node that was not told of a rotation is refused, and what it sealed is not kept', async () => {
  const [from, to] = [newEnvelopeKey(), newEnvelopeKey()]
  const [raw, here, elsewhere] = [new LossyStore(), new KeyedEnvelope(from), new KeyedEnvelope(from)]
  await raw.write(async (writing) => writing.put(keyChecks, ONLY, checkUnder(here)))
  const store = underKey(raw, here)
  await store.write((writing) => dataKey(writing, here, 'before'))
  // Before the first collection is sealed anew, and after the last.
  let tried = 0
  const tryHere = async (): Promise<void> => {
    tried++
    await assert.rejects(
      store.write((writing) => dataKey(writing, here, 'too-late')),
      (cause) => cause instanceof StoreUnavailable && /rotated by another node/.test(cause.message),
    )
  }
  const outcome = await rotateEnvelope({
    ...{ store: raw, envelope: elsewhere, to, nowMs: 1, collections: [sealedDataKeys] },
    progress: () => void tryHere().catch(() => {}),
  })
  assert.ok(!('refused' in outcome), JSON.stringify(outcome))
  await tryHere()
  assert.ok(tried >= 2)
  assert.equal(await store.read((reading) => reading.get(sealedDataKeys.collection, 'too-late')), undefined)
  assert.throws(() => here.seal(new Uint8Array(1), 'x'), StoreUnavailable)
})
