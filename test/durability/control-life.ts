// One life of a whole control plane: it acts, at random, as operators do, and says what was acknowledged, until it is killed.
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { argv } from 'node:process'
import { randomFrom } from '../fuzz/random.ts'
import { Acts, KINDS } from './acts.ts'
import { openHouse } from './house.ts'

const [, , folder, tag, seed] = argv as [string, string, string, string, string]

try {
  const random = randomFrom(Number(seed))
  const house = await openHouse({ folder, nodeId: 'node_life' })
  // Written at once, octet for octet: what is acknowledged has left this process before it can be killed.
  const acts = new Acts(house, tag, (did) => void writeSync(1, `${JSON.stringify(did)}\n`))
  // Who is killed leaves no cache behind, and the next life would compile everything anew.
  flushCompileCache()
  writeSync(1, 'open\n')
  for (;;) {
    await acts.do(KINDS[random.below(KINDS.length)]!)
    if (house.reports.length > 0) throw house.reports[0]
  }
} catch (cause) {
  writeSync(2, `${(cause as Error).stack}\n`)
  process.exit(1)
}
