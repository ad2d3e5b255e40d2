// The consumer that an operation changes, when the caller changes the state that they saw.
import { getConsumer } from '../../../directory/consumers.ts'
import type { StoredConsumer } from '../../../directory/records.ts'
import type { Reading } from '../../../ports/store.ts'
import { type Call, etagOf, type Refused, refused } from '../../operation.ts'

export async function guardedConsumer(call: Call<{ readonly consumer: string }, unknown, unknown>, reading: Reading): Promise<StoredConsumer | Refused> {
  const { consumer: name } = call.parameters
  if (call.plane.services.directory.file.hasConsumer(name)) return refused('owned-by-file')
  const consumer = await getConsumer(reading, name)
  return consumer === undefined ? refused('unknown') : (call.guard(etagOf(consumer)) ?? consumer)
}
