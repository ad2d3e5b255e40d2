// One listener for all tests of a file, with toy operations; each test has a plane of its own behind it.
import { after, before, beforeEach } from 'node:test'
import { type ControlClient, controlClient } from './control-client.ts'
import { type ToyPlane, toyOperations, toyPlane } from './toy-plane.ts'

export let plane: ToyPlane
export let client: ControlClient
/** Whichever plane stands there now. */
export const current = new Proxy({} as ToyPlane, { get: (_, name) => Reflect.get(plane, name) })
/** Puts another plane behind the listener, for the rest of the test. */
export const standIn = (other: ToyPlane): void => void (plane = other)

before(async () => {
  client = await controlClient(toyOperations, current)
})
after(() => client.close())
beforeEach(() => standIn(toyPlane()))
