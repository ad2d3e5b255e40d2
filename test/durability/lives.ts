// Many lives of one store, each ended by SIGKILL at a moment of chance, each checking what the one before it acknowledged.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type LifeOrder, STORE_GONE } from './life.ts'

export interface LifeEnd {
  /** How many moves it found; undefined when it was killed before it had looked. */
  readonly checked: number | undefined
  /** The last move that it acknowledged. */
  readonly kept: number
}

/**
 * Lives once. `killMs` after it has begun to write it is killed (negative: so long after its start). Asserts that all that was acknowledged before is
 * there, and that nothing else ended it.
 */
export async function liveOnce(order: LifeOrder, keptBefore: number, killMs: number, cache: string): Promise<LifeEnd> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'life.ts'), JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { NODE_COMPILE_CACHE: cache },
  })
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  let said = ''
  child.stderr.on('data', (text) => (said += text))
  const kill = (afterMs: number): void => void setTimeout(() => child.kill('SIGKILL'), afterMs).unref()
  if (killMs < 0) kill(-killMs)
  let checked: number | undefined
  let kept = keptBefore
  for await (const line of createInterface(child.stdout)) {
    const [word, number] = line.split(' ')
    if (word === 'checked') {
      checked = Number(number)
      if (killMs >= 0) kill(killMs)
    } else if (word === 'kept') kept = Number(number)
  }
  const [code, signal] = await ended
  assert.ok(signal === 'SIGKILL' || code === STORE_GONE, `ended with ${code ?? signal} by itself: ${said}`)
  if (checked !== undefined) {
    // One more may be there: it was kept, and its acknowledgement was not printed any more.
    assert.ok(checked === keptBefore || checked === keptBefore + 1, `${keptBefore} were acknowledged, ${checked} are there`)
  }
  return { checked, kept: Math.max(kept, checked ?? 0) }
}
