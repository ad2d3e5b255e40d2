// Runs fuzz cases through a gateway, nginx and Node's parser at once, many connections side by side, and reports where they part.

import { readAsNode } from '../support/node-reader.ts'
import { converse, cutAt, type Heard } from '../support/raw-client.ts'
import type { Outcome, Reading } from '../support/reading.ts'
import type { RecordedMessage, RecordingUpstream } from '../support/recording-upstream.ts'
import { disagreements, namesListedAnywhere, waited } from './compare.ts'
import { generate } from './generate.ts'
import { mutate } from './mutate.ts'
import { randomFrom } from './random.ts'

export interface Front {
  readonly name: string
  readonly port: number
  readonly upstream: RecordingUpstream
}

export interface Failure {
  readonly seed: number
  readonly bytes: string
  readonly complaints: readonly string[]
}

export interface Result {
  readonly cases: number
  /** Cases whose every message was forwarded. */
  readonly accepted: number
  readonly messages: number
  readonly failures: readonly Failure[]
}

interface Asked {
  readonly reading: Reading
  readonly arrivals: readonly RecordedMessage[]
}

/** Connections at a time; each lane has a client address of its own, by which the upstreams tell whose message they got. */
const lanes = 48

/** The octets of a case, and where the network cuts them. */
export function fuzzCase(seed: number): { bytes: Buffer; pieces: Buffer[] } {
  const random = randomFrom(seed)
  const bytes = Buffer.from(mutate(random, generate(random)), 'latin1')
  const cuts = Array.from({ length: random.below(4) }, () => random.below(bytes.length + 1))
  return { bytes, pieces: cutAt(bytes, ...cuts) }
}

/** Runs the cases of the seeds from `first` on; stops early after `failuresMax` failures. */
export async function runDifferential(gateway: Front, nginx: Front, first: number, cases: number, failuresMax = 10): Promise<Result> {
  const failures: Failure[] = []
  let next = 0
  let accepted = 0
  let messages = 0
  const inboxes = new Map<string, RecordedMessage[]>()

  /** What arrived for this client, taken from all that arrived since anyone asked. */
  const arrived = (front: Front, address: string): RecordedMessage[] => {
    for (const message of front.upstream.take()) {
      const key = `${front.name} ${clientOf(message)}`
      const inbox = inboxes.get(key)
      if (inbox === undefined)
        failures.push({ seed: first + next - 1, bytes: message.raw.toString('latin1'), complaints: [`${front.name} forwarded a message of no client`] })
      else inbox.push(message)
    }
    const key = `${front.name} ${address}`
    const mine = inboxes.get(key) ?? []
    inboxes.set(key, [])
    return mine
  }
  const ask = async (front: Front, address: string, pieces: Buffer[], methods: string[], quietMs: number): Promise<Asked> => {
    const heard = await converse(front.port, pieces, { localAddress: address, quietMs, patienceMs: 20_000, methods })
    const arrivals = arrived(front, address)
    return { reading: understood(front.name, heard, arrivals), arrivals }
  }

  const judge = async (address: string, bytes: Buffer, pieces: Buffer[], node: Reading, quietMs: number): Promise<{ ours: Asked; complaints: string[] }> => {
    const methods = node.outcomes.map((outcome) => (outcome.kind === 'accepted' ? outcome.message.method : 'GET'))
    const [ours, theirs] = await Promise.all([ask(gateway, address, pieces, methods, quietMs), ask(nginx, address, pieces, methods, quietMs)])
    const text = bytes.toString('latin1')
    const complaints = [
      ...ownFaults(ours.reading, text),
      ...(await readAgain(ours.arrivals)),
      ...disagreements(ours.reading, node),
      ...disagreements(ours.reading, theirs.reading, namesListedAnywhere(text)),
    ]
    return { ours, complaints }
  }

  async function lane(number: number): Promise<void> {
    const address = `127.7.${1 + (number >> 7)}.${1 + (number & 127)}`
    inboxes.set(`${gateway.name} ${address}`, [])
    inboxes.set(`${nginx.name} ${address}`, [])
    while (next < cases && failures.length < failuresMax) {
      const seed = first + next++
      const { bytes, pieces } = fuzzCase(seed)
      const node = await readAsNode(bytes)
      let verdict = await judge(address, bytes, pieces, node, 150)
      // A reader that was merely slow looks like one that waits for more: asked again with patience, only the second remains.
      if (verdict.complaints.length > 0 && verdict.complaints.every((each) => each.endsWith(waited))) {
        for (const front of [gateway, nginx]) arrived(front, address)
        verdict = await judge(address, bytes, pieces, node, 5_000)
      }
      const { complaints, ours } = verdict
      if (complaints.length > 0) failures.push({ seed, bytes: bytes.toString('latin1'), complaints })
      const { outcomes } = ours.reading
      messages += ours.arrivals.length
      if (outcomes.length > 0 && outcomes.every(({ kind }) => kind === 'accepted')) accepted += 1
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)))
  return { cases: next, accepted, messages, failures }
}

/** The client's address as the front told it: the last one, which the client cannot have written. */
function clientOf(message: RecordedMessage): string {
  const value = message.fields.filter(([name]) => name.toLowerCase() === 'x-forwarded-for').at(-1)?.[1] ?? ''
  return value.split(',').at(-1)?.trim() ?? ''
}

function understood(reader: string, heard: Heard, arrivals: readonly RecordedMessage[]): Reading {
  const unanswered = new Set(arrivals)
  const outcomes: Outcome[] = heard.responses.map((response) => {
    const number = Number(response.fields.find(([name]) => name.toLowerCase() === 'x-upstream-message')?.[1] ?? 0)
    const message = arrivals.find((each) => each.number === number)
    if (message === undefined) return { kind: 'refused', status: response.status }
    unanswered.delete(message)
    return { kind: 'accepted', message }
  })
  // Forwarded, but the client was gone before the answer came.
  for (const message of unanswered) outcomes.push({ kind: 'accepted', message })
  return { reader, outcomes, ending: heard.gaveUp ? 'waiting' : 'stopped' }
}

/**
 * A gateway that blames the upstream blames the wrong one, since this upstream answers every message; and all it may answer by itself, other than by
 * refusing, is `OPTIONS *` (RFC 9110 9.3.7).
 */
function ownFaults({ outcomes }: Reading, text: string): string[] {
  return outcomes.flatMap((outcome) => {
    if (outcome.kind === 'accepted' || (outcome.status < 300 && text.includes('OPTIONS * '))) return []
    return outcome.status < 400 || [500, 502, 503, 504].includes(outcome.status) ? [`answered ${outcome.status}`] : []
  })
}

/** The forwarded octets as Node's parser reads them, against the strict reader of the recording upstream. */
async function readAgain(arrivals: readonly RecordedMessage[]): Promise<string[]> {
  if (arrivals.length === 0) return []
  const again = await readAsNode(Buffer.concat(arrivals.map(({ raw }) => raw)))
  if (again.outcomes.length !== arrivals.length) return [`forwarded ${arrivals.length} messages, Node reads ${again.outcomes.length}`]
  return arrivals.flatMap((message, index) => {
    const outcome = again.outcomes[index]
    if (outcome?.kind !== 'accepted') return ['Node refuses what was forwarded']
    const { method, target, fields, body } = outcome.message
    const same =
      method === message.method && target === message.target && body.equals(message.body) && JSON.stringify(fields) === JSON.stringify(message.fields)
    return same ? [] : [`Node reads the forwarded message ${index} otherwise: ${method} ${target} ${JSON.stringify(fields)}`]
  })
}
