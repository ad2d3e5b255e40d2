// The ACME room over a store in memory, with time by hand, the guarded way out, a real ACME server, and a door that shows proofs as a gateway thread does.
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { ChallengeBoard } from '../../src/acme/challenge-board.ts'
import { Holdings } from '../../src/acme/holdings.ts'
import { Keeper, type KeeperParts, type Round } from '../../src/acme/keeper.ts'
import { type CertificateRecord, certificates, type NameState, nameStates } from '../../src/acme/records.ts'
import type { AcmeSettings } from '../../src/acme/settings.ts'
import { guardedEgress } from '../../src/adapters/egress/guarded-egress.ts'
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { manualClock } from '../../src/base/clock.ts'
import { Challenges } from '../../src/gateway/doors/challenges.ts'
import { openDoor } from '../../src/gateway/doors/door.ts'
import type { NO_CHALLENGES } from '../../src/model/acme.ts'
import type { TrailEvent } from '../../src/model/trail-event.ts'
import type { Egress } from '../../src/ports/egress.ts'
import { Trail } from '../../src/trail/trail.ts'
import { AcmeServer, type AcmeServerOptions } from './acme-server.ts'
import { testEnvelope } from './envelope.ts'

export const NAME = 'shop.example'

/** One process of those that share the store. */
export interface AcmeNode {
  readonly keeper: Keeper
  readonly board: ChallengeBoard
  /** How often the gateway threads were handed challenges. */
  handed: number
}
export interface AcmeHouse {
  readonly clock: ReturnType<typeof manualClock>
  readonly nowMs: () => number
  readonly store: MemoryStore
  readonly acme: AcmeServer
  readonly holdings: Holdings
  readonly node: AcmeNode
  settings: AcmeSettings | undefined
  readonly said: string[]
  readonly warned: string[]
  readonly events: TrailEvent[]
  readonly failures: { readonly name: string; readonly failures: number }[]
  /** Another process. */
  join(id: string, parts?: Partial<KeeperParts>): AcmeNode
  /** Rounds until nothing is due. */
  settle(node?: AcmeNode): Promise<Round>
  state(name?: string): Promise<NameState | undefined>
  certificate(name?: string): Promise<CertificateRecord | undefined>
  /** Fails when we did anything that RFC 8555 forbids. */
  close(): Promise<void>
}

export async function acmeHouse(
  options: Partial<AcmeServerOptions> & {
    readonly settings?: Partial<AcmeSettings>
    readonly egress?: (own: Egress) => Egress
    readonly allowPrivate?: readonly string[]
  } = {},
): Promise<AcmeHouse> {
  const clock = manualClock(Date.UTC(2026, 10, 24) * 1000)
  const nowMs = (): number => Math.floor(clock.nowUs() / 1000)
  const store = new MemoryStore()
  const envelope = testEnvelope()
  const trail = new Trail(envelope, async () => {})
  const holdings = await Holdings.open(store, envelope, nowMs)
  let challenges = new Challenges()
  const tls = { profile: 'intermediate', certificates: [holdings.standIn(NAME), holdings.standIn('api.example')], provesNames: true } as const
  const door = await openDoor({ host: '127.0.0.1', port: 0, tls }, false, new Uint8Array(48), {
    admits: () => true,
    enters: (socket) => socket.destroy(),
    failed: () => {},
    proof: (name) => challenges.context(name),
    handshakeMs: 10_000,
    proxies: { expects: () => assert.fail(), names: () => assert.fail(), nameless: () => assert.fail(), headerMs: 60_000 },
  })
  const port = (door.server.address() as AddressInfo).port
  const { settings, egress = (own) => own, allowPrivate = ['127.0.0.0/8'], ...served } = options
  const acme = await AcmeServer.start({ ports: () => ({ http: 1, tls: port }), nowMs, ...served })
  const own = egress(guardedEgress({ allowPrivate, own: () => [] }))
  const nodes: string[] = []
  const join = (id: string, parts: Partial<KeeperParts> = {}): AcmeNode => {
    nodes.push(id)
    const passing = async (ms: number): Promise<void> => {
      clock.advanceMs(ms)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { pause = passing } = parts
    const others = async (): Promise<readonly string[]> => (parts.isShared ? nodes.filter((each) => each !== id) : [])
    const answer = async (given: typeof NO_CHALLENGES): Promise<void> => {
      challenges = new Challenges(given)
      node.handed++
    }
    const board = new ChallengeBoard({ store, nodeId: id, nowMs, pause, answer, liveNodes: others })
    const keeper = new Keeper({
      ...{ store, envelope, egress: own, board, nodeId: id, nowMs, pause, isShared: false, random: () => 0.5 },
      settings: () => house.settings,
      secret: async () => 'there is none',
      changed: async () => void (await holdings.reload()),
      record: async (writing, event) => {
        await trail.append(writing, event, nowMs())
        house.events.push(event)
      },
      tellFailure: async (_, failure) => void house.failures.push(failure),
      say: (line) => house.said.push(line),
      warn: (line) => house.warned.push(line),
      ...parts,
    })
    const node: AcmeNode = { keeper, board, handed: 0 }
    return node
  }
  const house: AcmeHouse = {
    ...{ clock, nowMs, store, acme, holdings, join, node: undefined as never },
    settings: { directory: acme.directory, contact: [], challenge: 'tls-alpn-01', trust: acme.trust, names: [NAME], ...settings },
    ...{ said: [], warned: [], events: [], failures: [] },
    async settle(node = house.node) {
      for (let rounds = 0; rounds < 50; rounds++) {
        const round = await node.keeper.round()
        if (round.tried === undefined) return round
      }
      throw new Error('fifty rounds, and still something is due')
    },
    state: (name = NAME) => store.read((reading) => reading.get(nameStates, name)),
    certificate: (name = NAME) => store.read((reading) => reading.get(certificates, name)),
    async close() {
      door.server.close()
      door.clear()
      await acme.stop()
      assert.deepEqual(acme.faults, [])
    },
  }
  return Object.assign(house, { node: join('node_a') })
}
