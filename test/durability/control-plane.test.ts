// The whole control plane under kill -9: every acknowledged act is there with its entry in the trail, none by half, and the trail verifies.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { randomFrom } from '../fuzz/random.ts'
import type { Did } from './acts.ts'
import { checkWhole } from './consistency.ts'
import { openHouse } from './house.ts'

const KILLS = 200
/** Of these, at a moment of the opening. */
const KILLS_OPENING = 20
const LANES = 2
/** A store is checked whole after each life, so it does not live for ever. */
const LIVES_PER_STORE = 12
const LIVES_PER_CHECK = 3

interface LifeEnd {
  readonly isOpen: boolean
  readonly acknowledged: readonly Did[]
}

/** Lives once, and is killed `killMs` after it acts; negative: so long after its start. */
async function liveOnce(folder: string, tag: string, seed: number, killMs: number, cache: string): Promise<LifeEnd> {
  const args = [join(import.meta.dirname, 'control-life.ts'), folder, tag, String(seed)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { NODE_COMPILE_CACHE: cache } })
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  let said = ''
  child.stderr.on('data', (text) => (said += text))
  const kill = (afterMs: number): void => void setTimeout(() => child.kill('SIGKILL'), afterMs).unref()
  if (killMs < 0) kill(-killMs)
  let isOpen = false
  const acknowledged: Did[] = []
  for await (const line of createInterface(child.stdout)) {
    if (line === 'open') {
      isOpen = true
      if (killMs >= 0) kill(killMs)
    } else acknowledged.push(JSON.parse(line))
  }
  const [code, signal] = await ended
  assert.equal(signal, 'SIGKILL', `ended with ${code} by itself: ${said}`)
  return { isOpen, acknowledged }
}

/** Opens it as the next start would, holds everything against the trail, and lets go. */
async function check(folder: string, acknowledged: readonly Did[]): Promise<number> {
  const house = await openHouse({ folder, nodeId: 'node_check' })
  const { store, services } = house.plane
  const entries = await store.read((reading) => checkWhole(reading, services.trail, acknowledged))
  assert.deepEqual(house.reports, [])
  await house.close()
  return entries
}

// Slow, about a minute, because each of the moments costs a process that loads the whole control plane.
test(`a control plane that dies by SIGKILL at ${KILLS} moments keeps what it acknowledged, whole, and its trail verifies`, async (t) => {
  const seed = randomInt(2 ** 31)
  t.diagnostic(`seed ${seed}`)
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-control-'))
  const cache = join(folder, 'cache')
  let [acting, opening, acts] = [0, 0, 0]
  // A busy machine does less before it is killed: then there are more lives, until enough was acknowledged to show something.
  const goesOn = (): boolean => acting + opening < KILLS || (acts <= KILLS && acting + opening < 3 * KILLS)
  const lane = async (number: number): Promise<void> => {
    const random = randomFrom(seed + number)
    for (let generation = 0; goesOn(); generation++) {
      const home = join(folder, `home-${number}-${generation}`)
      mkdirSync(home)
      const acknowledged: Did[] = []
      for (let life = 0; life < LIVES_PER_STORE && goesOn(); life++) {
        const isOpening = opening < KILLS_OPENING && life % 5 === 3
        const end = await liveOnce(home, `L${life}`, random.below(2 ** 31), isOpening ? -random.below(700) - 1 : random.below(100), cache)
        end.isOpen ? acting++ : opening++
        acknowledged.push(...end.acknowledged)
        if (life % LIVES_PER_CHECK === 0) await check(home, acknowledged)
      }
      await check(home, acknowledged)
      acts += acknowledged.length
      rmSync(home, { recursive: true })
    }
  }
  try {
    await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  t.diagnostic(`${acting} lives killed while acting, ${opening} while opening; ${acts} acts acknowledged, none lost`)
  assert.ok(acting + opening >= KILLS && acting >= KILLS * 0.8, `only ${acting} of ${acting + opening} were killed while they acted`)
  assert.ok(acts > KILLS, `only ${acts} acts were acknowledged: too few to show anything`)
})
