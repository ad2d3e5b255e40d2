// Names of targets are followed: another address, further ones, other services, and a DNS that is gone, under load and without a failed request.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as after_ } from 'node:timers/promises'
import { type DnsServer, startDnsServer } from '../support/dns-server.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection } from '../support/load-client.ts'
import { type SwiftUpstream, startSwiftUpstream } from '../support/swift-upstream.ts'

const CONNECTIONS = 4
const REQUEST = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n'
const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3']

describe('names of targets', () => {
  let dns: DnsServer
  let upstreams: SwiftUpstream[] = []
  let gateway: RunningGateway
  let port = 0

  beforeEach(async () => {
    dns = await startDnsServer()
    upstreams = [await startSwiftUpstream({ host: HOSTS[0]!, response: answerOf(0) })]
    port = upstreams[0]!.port
    for (const i of [1, 2]) upstreams.push(await startSwiftUpstream({ host: HOSTS[i]!, port, response: answerOf(i) }))
  })
  afterEach(async () => {
    await gateway?.stop()
    await Promise.all([...upstreams.map((each) => each.stop()), dns.stop()])
  })
  const answerOf = (i: number): string => `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${i}`
  const leads = (...hosts: readonly number[]): void =>
    void dns.records.set(
      'shop.test',
      hosts.map((i) => ({ type: 'A', address: HOSTS[i]! })),
    )
  const start = async (upstream: object): Promise<void> => {
    gateway = await startGateway({ gateway: { dns: { servers: [dns.address] } }, apis: { shop: { path: '/', public: true, upstream } } }, { threads: 2 })
  }
  /** Who answers now; every answer there was is a good one. */
  function load() {
    let recent: string[] = []
    let requests = 0
    let stopped = false
    const lane = async (): Promise<void> => {
      const connection = new LoadConnection(gateway.port)
      while (!stopped) {
        const answer = await connection.ask(REQUEST)
        assert.equal(answer?.status, 200, `a request failed: ${answer?.status} ${answer?.body}\n${gateway.log()}`)
        recent.push(answer.body)
        requests++
        await after_(2)
      }
      await connection.close()
    }
    const lanes = Promise.all(Array.from({ length: CONNECTIONS }, lane))
    return {
      /** Resolves once the last hundred answers came from these, and from no other. */
      async answered(...by: readonly number[]): Promise<void> {
        for (;;) {
          recent = []
          while (recent.length < 100) await Promise.race([after_(5), lanes])
          if (JSON.stringify([...new Set(recent)].sort()) === JSON.stringify(by.map(String))) return
        }
      },
      async stop(): Promise<number> {
        stopped = true
        await lanes
        return requests
      },
    }
  }

  test('another address is gone to, and the connections to the one before are left; when DNS is silent, fails or knows nothing, all stays as it was', async (t) => {
    leads(0)
    await start({ url: `http://shop.test:${port}` })
    const under = load()
    await under.answered(0)
    leads(1)
    await under.answered(1)
    for (const mode of ['silent', 2, 5] as const) {
      dns.mode = mode
      await after_(1500)
      await under.answered(1)
    }
    dns.mode = 'answer'
    dns.records.clear()
    await after_(1500)
    await under.answered(1)
    leads(2)
    await under.answered(2)
    t.diagnostic(`${await under.stop()} requests, none failed`)
  })

  test('services are followed with their weights, and lower ranks are used when no other one is left', async (t) => {
    const service = (i: number, more: object = {}) => ({ type: 'SRV', target: `host${i}.test`, port, ...more }) as const
    for (const i of [0, 1, 2]) dns.records.set(`host${i}.test`, [{ type: 'A', address: HOSTS[i]! }])
    dns.records.set('_shop._tcp.test', [service(0), service(1, { priority: 9 })])
    await start({ targets: ['srv+http://_shop._tcp.test'] })
    const under = load()
    await under.answered(0)
    dns.records.set('_shop._tcp.test', [service(1), service(2)])
    await under.answered(1, 2)
    dns.records.delete('_shop._tcp.test')
    await after_(1500)
    await under.answered(1, 2)
    t.diagnostic(`${await under.stop()} requests, none failed`)
  })

  test('services on this machine whose port is that of the control listener are not gone to', async () => {
    for (const [i, host] of ['127.0.0.1', '127.3.3.3', '0.0.0.0'].entries()) dns.records.set(`host${i}.test`, [{ type: 'A', address: host }])
    const upstream = { targets: ['srv+http://_shop._tcp.test'] }
    // The port is known only once the program has been started: the records come after that.
    await start(upstream)
    const connection = new LoadConnection(gateway.port)
    assert.match((await connection.ask(REQUEST))!.body, /"upstream\.unavailable"/)
    dns.records.set(
      '_shop._tcp.test',
      [0, 1, 2].map((i) => ({ type: 'SRV', target: `host${i}.test`, port: gateway.controlPort }) as const),
    )
    for (;;) {
      const answer = (await connection.ask(REQUEST))!
      assert.notEqual(answer.status, 200)
      if (/"upstream\.unreachable"/.test(answer.body)) break
      assert.match(answer.body, /"upstream\.unavailable"/)
      await after_(50)
    }
    await connection.close()
  })
})
