// A gateway in the test's own thread with one policy of the test's making: for what no policy of ours does, such as to wait or to break.
import assert from 'node:assert/strict'
import { manualClock } from '../../src/base/clock.ts'
import { object } from '../../src/base/schema.ts'
import { CrashSuspects } from '../../src/gateway/crash-suspects.ts'
import { ConnectionCaps, capsMemory } from '../../src/gateway/doors/connection-caps.ts'
import { Gateway } from '../../src/gateway/gateway.ts'
import type { Snapshot } from '../../src/model/snapshot.ts'
import { cutSnapshot } from '../../src/model/snapshot-pieces.ts'
import { definePolicy, type Hooks } from '../../src/pipeline/contract.ts'

export interface InProcessGateway {
  readonly port: number
  stop(): Promise<void>
}

/** One API at every path, in front of the upstream on that port. `crashes` is the memory of crash suspects, `report` what is told of what breaks; left out, nothing may. */
export async function inProcessGateway(
  hooks: Hooks,
  upstreamPort: number,
  crashes: SharedArrayBuffer,
  report?: (cause: unknown) => void,
): Promise<InProcessGateway> {
  const policy = definePolicy<object>({
    name: 'own',
    stage: 'admit',
    summary: 'The test’s own.',
    when: 'In a test.',
    config: object({}),
    uses: [],
    denials: {},
    examples: [{ title: 'none', config: {}, send: {}, expect: { status: 200 } }],
    compile: () => hooks,
  })
  const clock = manualClock(0)
  const gateway = new Gateway({
    catalogue: new Map([[policy.name, policy]]),
    resources: { clock, counters: { limiter: () => assert.fail() }, credentials: { findKey: () => undefined } },
    clock,
    caps: new ConnectionCaps(capsMemory(1), 0, 1),
    suspects: new CrashSuspects(crashes, 0),
    ticketKeys: new Uint8Array(48),
    accessLog: undefined,
    report: report ?? ((cause) => assert.fail(String(cause))),
  })
  const snapshot: Snapshot = {
    gateway: {
      listen: [],
      threads: 1,
      trustedProxies: [],
      accessLog: 'off',
      limits: { headBytes: 16_384, targetBytes: 8192, fields: 100, bodyBytes: 2 ** 30, connections: 100, connectionsPerAddress: 100 },
      timeouts: { headMs: 10_000, idleMs: 10_000, stallMs: 10_000, bodyBytesPerSecond: 1, drainMs: 100 },
      authenticationFailures: { limit: 1, windowMs: 1000 },
    },
    apis: [
      {
        name: 'one',
        hash: '1',
        hosts: [],
        path: '',
        stripPath: true,
        upstream: {
          host: '127.0.0.1',
          port: upstreamPort,
          basePath: '',
          preserveHost: false,
          connections: 2,
          queue: 10,
          timeouts: { connectMs: 10_000, headMs: 10_000, idleMs: 10_000, eventsMs: 10_000, keepAliveMs: 10_000 },
        },
        authenticate: 'any',
        allowInTarget: [],
        websocket: false,
        policySets: [[{ policy: 'own', config: {}, mode: 'enforce', scope: 'one/own/0' }]],
        routes: [],
        anyPath: { methods: ['GET', 'POST'], policySet: 0 },
      },
    ],
  }
  await gateway.publish(1, cutSnapshot(snapshot), () => {})
  const port = await gateway.listen({ host: '127.0.0.1', port: 0 }, false)
  return { port, stop: () => gateway.drain() }
}
