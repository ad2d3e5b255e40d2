// The codec reads a stream in one way however it is cut, and no other way than Node's parser.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readAsNode } from '../support/node-reader.ts'
import { cutAt, cutEvery } from '../support/raw-client.ts'
import { readWithCodec } from './codec-reader.ts'
import { disagreements } from './compare.ts'
import { fuzzCase } from './differential.ts'
import { randomFrom } from './random.ts'

/** `FUZZ_CASES` and `FUZZ_SEED` as in the differential fuzz. */
const { FUZZ_CASES = '5000', FUZZ_SEED = '1' } = process.env
const cases = Number(FUZZ_CASES)
const first = Number(FUZZ_SEED)
const told = (seed: number, bytes: Buffer): string => `FUZZ_SEED=${seed} FUZZ_CASES=1 ${JSON.stringify(bytes.toString('latin1'))}`

it(`the codec reads ${cases} streams the same octet by octet, in pieces and whole`, () => {
  let ran = 0
  for (let seed = first; seed < first + cases; seed += 1) {
    const { bytes, pieces } = fuzzCase(seed)
    const random = randomFrom(~seed)
    const whole = readWithCodec([bytes])
    for (const split of [pieces, cutEvery(bytes, 1), cutAt(bytes, random.below(bytes.length)), cutEvery(bytes, 2 + random.below(9))]) {
      assert.deepEqual(readWithCodec(split), whole, told(seed, bytes))
    }
    ran += 1
  }
  assert.equal(ran, cases)
})

it(`the codec accepts nothing in ${cases} streams that Node's parser reads otherwise`, async () => {
  let ran = 0
  let accepted = 0
  for (let seed = first; seed < first + cases; seed += 1) {
    const { bytes } = fuzzCase(seed)
    const ours = readWithCodec([bytes])
    assert.deepEqual(disagreements(ours, await readAsNode(bytes)), [], told(seed, bytes))
    ran += 1
    if (ours.outcomes.length > 0 && ours.outcomes.every(({ kind }) => kind === 'accepted')) accepted += 1
  }
  assert.equal(ran, cases)
  if (cases >= 1_000) assert.ok(accepted >= cases * 0.4, `only ${accepted} of ${cases} streams were accepted`)
})
