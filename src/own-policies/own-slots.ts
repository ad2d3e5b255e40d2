// Slots of operators' policies, by name: a file that is loaded anew, or another policy, finds the one that is there.
import { slot as newSlot, type Slot } from '../pipeline/slots.ts'

/** Each costs an element of every exchange, for as long as the process runs. */
const SLOTS_MAX = 64
const made = new Map<string, Slot<unknown>>()

/** The slot of this name: one policy writes it and another reads it. The name says who may mean it: begin it as your policies' names begin. */
export function slot<T>(name: string): Slot<T> {
  const known = made.get(name)
  if (known !== undefined) return known as Slot<T>
  if (!/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(name)) throw new TypeError('the name of a slot is of letters, digits and hyphens')
  if (made.size >= SLOTS_MAX) throw new RangeError(`there are ${SLOTS_MAX} slots already`)
  const own = newSlot<T>(name)
  made.set(name, own as Slot<unknown>)
  return own
}
