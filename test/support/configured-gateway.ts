// A gateway in the test's own thread, with all policies and a configuration as a file would have it, and a clock that is moved by hand.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { MemoryCredentials } from '../../src/adapters/memory/credentials.ts'
import { MemoryResponses } from '../../src/adapters/memory/responses.ts'
import { counterMemory, sharedCounters } from '../../src/adapters/shared-memory/counters.ts'
import { manualClock } from '../../src/base/clock.ts'
import { KeyedHash } from '../../src/base/keyed-hash.ts'
import { keyDigest } from '../../src/base/keys.ts'
import { epochMemory } from '../../src/caching/epochs.ts'
import { loadConfiguration } from '../../src/catalog/resolving/resolve.ts'
import { CrashSuspects, crashMemory } from '../../src/gateway/crash-suspects.ts'
import { Challenges } from '../../src/gateway/doors/challenges.ts'
import { ConnectionCaps, capsMemory } from '../../src/gateway/doors/connection-caps.ts'
import { Gateway } from '../../src/gateway/gateway.ts'
import { measure } from '../../src/gateway/measuring.ts'
import type { AcmeChallenges } from '../../src/model/acme.ts'
import { type DirectoryContent, fileKeyId } from '../../src/model/directory.ts'
import { cutSnapshot } from '../../src/model/snapshot-pieces.ts'
import { policies } from '../../src/policies/index.ts'
import { AccessLog } from '../../src/telemetry/access-log.ts'
import type { RouteMeasure, ThreadMeasures } from '../../src/telemetry/measures.ts'
import { type ReadMessage, valuesOf } from './http-message.ts'
import { converse } from './raw-client.ts'

/** What came back. */
export interface Answered {
  readonly status: number
  readonly code: string | undefined
  /** All values of a field, in order. */
  values(name: string): readonly string[]
  readonly body: string
}
export interface ConfiguredGateway {
  readonly clock: ReturnType<typeof manualClock>
  readonly port: number
  /** Publishes another configuration; the same one again when left out, as of the clock's time. */
  publish(configuration?: object): Promise<void>
  /** Sends a request over a connection of its own; `lines` are further field lines. */
  ask(target: string, lines?: readonly string[], options?: { method?: string; from?: string; host?: string }): Promise<Answered>
  /** Hands the gateway what ACME servers are to be answered. */
  prove(challenges: AcmeChallenges): void
  routes(): readonly RouteMeasure[]
  /** Copies for mirrors, by API and by what became of them as `COPIES`. */
  copies(): ThreadMeasures['copies']
  /** Lines of the access log so far. */
  log(): Promise<readonly Record<string, unknown>[]>
  stop(): Promise<void>
}

/** `configuration` is what gatehouse.yaml holds; `documents` are further files beside it. */
export async function configuredGateway(
  configuration: object,
  options: { startMs?: number; documents?: Readonly<Record<string, string>> } = {},
): Promise<ConfiguredGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-configured-'))
  for (const [name, text] of Object.entries(options.documents ?? {})) writeFileSync(join(folder, name), text, { mode: 0o600 })
  const clock = manualClock((options.startMs ?? 1_700_000_000_000) * 1000)
  const credentials = new MemoryCredentials()
  let logged = ''
  const accessLog = new AccessLog({
    write(octets, done) {
      logged += octets.toString('latin1')
      done(null)
    },
  })
  const responses = new MemoryResponses({ octets: 16 * 1024 * 1024, keys: 10_000 }, epochMemory(), new KeyedHash(new Uint8Array(16).fill(2)))
  const gateway = new Gateway({
    catalogue: new Map(policies.map((policy) => [policy.name, policy])),
    resources: { clock, counters: sharedCounters(counterMemory(4096), new Uint8Array(16).fill(1)), credentials, responses },
    clock,
    caps: new ConnectionCaps(capsMemory(1), 0, 1),
    suspects: new CrashSuspects(crashMemory(1), 0),
    ticketKeys: new Uint8Array(48),
    accessLog,
    report: (cause) => assert.fail(String(cause)),
  })
  let gone = (): void => {}
  const fill = ({ consumers, keys }: DirectoryContent): void => {
    gone()
    for (const consumer of consumers) credentials.putConsumer(consumer)
    for (const key of keys) credentials.putKey({ ...key, id: fileKeyId(key.digest) })
    gone = () => {
      for (const { digest } of keys) credentials.removeKey(digest)
      for (const { name } of consumers) credentials.removeConsumer(name)
    }
  }
  let generation = 0
  let current = configuration
  const publish = async (next: object = current): Promise<void> => {
    current = next
    const file = join(folder, 'gatehouse.yaml')
    writeFileSync(file, stringify({ gatehouse: 1, gateway: { trustedProxies: ['127.0.0.1'] }, ...next }), { mode: 0o600 })
    const found = loadConfiguration(file, { policies, nowMs: clock.nowUs() / 1000, cores: 1 })
    assert.deepEqual(found.faults, [])
    assert.ok(found.ok)
    await gateway.publish(++generation, cutSnapshot(found.snapshot), () => fill(found.directory))
  }
  await publish()
  const port = await gateway.listen({ host: '127.0.0.1', port: 0 }, false)
  return {
    clock,
    port,
    publish,
    async ask(target, lines = [], { method = 'GET', from, host = 'api.example' } = {}) {
      const believed = from === undefined ? [] : [`X-Forwarded-For: ${from}`]
      const head = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...believed, ...lines]
      const { responses } = await converse(port, [`${head.join('\r\n')}\r\n\r\n`], { methods: [method], responses: 1 })
      assert.equal(responses.length, 1, `no answer to ${head.join(' | ')}`)
      return answered(responses[0]!)
    },
    prove: (challenges) => void (gateway.challenges = new Challenges(challenges)),
    routes: () => measure(gateway, 0, 0).routes,
    copies: () => measure(gateway, 0, 0).copies,
    async log() {
      accessLog.flush()
      return logged
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    },
    async stop() {
      await gateway.drain()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function answered(message: ReadMessage): Answered {
  const body = message.body.toString()
  const problem = valuesOf(message, 'content-type')[0] === 'application/problem+json' && body !== ''
  return { status: message.status, code: problem ? (JSON.parse(body).code as string) : undefined, values: (name) => valuesOf(message, name), body }
}

/** A consumer's key as the file holds it. */
export const keysOf = (...secrets: readonly string[]): object[] => secrets.map((secret) => ({ hash: `sha256:${keyDigest(secret)}` }))
