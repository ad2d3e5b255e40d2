// What an idle TLS connection weighs: ten thousand that were asked once and only wait, in Gatehouse and in nginx.

import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Child, launch, tail } from '../children.ts'
import { type Bench, newFolder, startChecked } from '../contenders.ts'
import type { IdleOrder } from '../idle-client.ts'
import { openFilesMax, settledBytes } from '../memory.ts'
import type { Running } from '../proxy-server.ts'
import type { Absence, CaseResult, Figure } from '../results.ts'
import { summarize } from '../statistics.ts'
import type { Case } from './case.ts'
import { tlsWork } from './tls.ts'

const name = 'tls-idle'
const says = 'idle TLS 1.3 connections, each after one GET: resident memory beyond that of a proxy that served a few'
const wanted = 10_000
/** Files that a proxy needs besides: upstream connections, listeners, its own. */
const otherFiles = 1000
/** All closed and opened again: what is kept of the first does not add up. */
const waves = 3
const patienceMs = 180_000
const client = fileURLToPath(new URL('../idle-client.ts', import.meta.url))

export const tlsIdle: Case = {
  name,
  says,
  async run(bench): Promise<CaseResult> {
    const connections = Math.min(wanted, openFilesMax() - otherFiles)
    const figures: Figure[] = []
    const absent: Absence[] = []
    const work = await tlsWork('1.3')
    for (const proxy of bench.proxies) {
      const started = await startChecked(proxy, work, bench, { cores: bench.cores.proxy, threads: 1 })
      if ('reason' in started) {
        absent.push(started)
        continue
      }
      try {
        figures.push(...(await weigh(proxy.name, started.running, connections, bench)))
      } catch (fault) {
        absent.push({ proxy: proxy.name, reason: `${(fault as Error).message}\n${tail(started.running.child.logFile)}`, failed: true })
      }
      await started.running.child.stop()
    }
    return { name, says, against: '', rows: [], figures, absent }
  },
}

async function weigh(proxy: string, running: Running, connections: number, bench: Bench): Promise<Figure[]> {
  const { pid } = running.child
  // Compilers warm, buffers made, connections to the upstream there.
  await (await hold(running, 200, bench)).stop()
  const before = await settledBytes(pid)
  const each: number[] = []
  for (let wave = 1; wave <= waves; wave++) {
    bench.say(`${proxy}, ${connections} connections, wave ${wave} of ${waves}`)
    const holder = await hold(running, connections, bench)
    each.push(((await settledBytes(pid)) - before) / connections / 1024)
    if (holder.hasEnded()) throw new Error('connections were closed while they were idle')
    await holder.stop()
  }
  const figure = (label: string, samples: readonly number[]): Figure => ({
    name: `${proxy}, ${label}`,
    unit: 'KB',
    summary: summarize(samples),
    samples,
    verdict: null,
  })
  return [
    figure(`each of ${connections.toLocaleString('en')} connections`, each.slice(0, 1)),
    figure('when all were closed and opened again, twice', each.slice(1)),
  ]
}

/** Starts the client and waits until it holds them all. */
async function hold({ origin }: Running, connections: number, { cores }: Bench): Promise<Child> {
  const { hostname, port } = new URL(origin)
  const order: IdleOrder = { host: hostname, port: Number(port), path: '/shop/books/42', version: '1.3', connections }
  const child = launch({ name: 'idle', command: process.execPath, args: [client, JSON.stringify(order)], cores: cores.load, folder: newFolder('idle') })
  const last = performance.now() + patienceMs
  while (!/^holds /m.test(readFileSync(child.logFile, 'latin1'))) {
    if (child.hasEnded() || performance.now() > last) {
      await child.stop()
      throw new Error(`the client could not hold ${connections} connections: ${tail(child.logFile)}`)
    }
    await delay(50)
  }
  return child
}
