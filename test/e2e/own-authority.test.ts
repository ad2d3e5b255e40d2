// A listener that believes the clients of Gatehouse's own authority: issued by one command, in; revoked by another, out within seconds, on connections that are open too.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as turn } from 'node:timers/promises'
import { connect } from 'node:tls'
import { makeCertificate } from '../support/certificate-maker.ts'
import { gatehouse } from '../support/gatehouse-command.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection } from '../support/load-client.ts'
import { freePorts } from '../support/running-program.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-own-authority-'))
const path = (...names: string[]): string => join(folder, ...names)
const upstream = createServer((request, response) => void response.end(String(request.headers['gatehouse-consumer'])))
let gateway: RunningGateway
let port = 0
const ca = (...words: readonly string[]) => gatehouse('ca', ...words, '--config', gateway.configFile)

function configuration(clients: boolean): object {
  const believed = { clients: { mode: 'required', trust: 'clients', crl: ['data/ca/clients.crl'] } }
  const certificates = [{ cert: 'shop.pem', key: 'shop.key' }]
  const policy = { 'client-certificate': { match: 'san', trust: ['clients'] } }
  const of = (consumer: string) => ({
    apis: ['shop'],
    ...(clients && { certificates: [{ san: `uri:urn:gatehouse:consumer:${consumer}`, trust: 'clients' }] }),
  })
  return {
    store: 'sqlite:./data/gatehouse.db',
    gateway: { listen: [{ address: `https://127.0.0.1:${port}`, tls: { certificates, ...(clients && believed) } }] },
    ...(clients && { trustStores: { clients: { certificates: { file: 'data/ca/clients.pem' } } } }),
    apis: {
      shop: {
        path: '/',
        upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
        policies: clients ? policy : { 'api-key': { header: 'X-API-Key' } },
      },
    },
    consumers: { acme: of('acme'), bolt: of('bolt') },
  }
}

before(async () => {
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  ;[port] = (await freePorts(1)) as [number]
  const shop = await makeCertificate({ names: ['shop.example'] })
  writeFileSync(path('shop.pem'), shop.certificate)
  writeFileSync(path('shop.key'), shop.key, { mode: 0o600 })
  gateway = await startGateway(configuration(false), { folder })
})
after(async () => {
  await gateway?.stop()
  upstream.closeAllConnections()
  upstream.close()
  rmSync(folder, { recursive: true, force: true })
})

const open = (name: string): LoadConnection => {
  const own = { cert: readFileSync(path(`${name}.pem`)), key: readFileSync(path(`${name}.key`)) }
  return new LoadConnection(
    port,
    connect({ port, host: '127.0.0.1', servername: 'shop.example', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], ...own }),
  )
}
const ask = async (connection: LoadConnection): Promise<readonly [number | undefined, string | undefined]> => {
  const told = await connection.ask('GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n')
  return [told?.status, told?.body]
}
const asOnce = async (name: string) => {
  const connection = open(name)
  const told = await ask(connection)
  connection.socket.destroy()
  return told
}
async function issue(consumer: string, name: string): Promise<string> {
  const made = await ca('issue', '--consumer', consumer, '--out', path(name))
  assert.equal(made.code, 0, made.err)
  return made.out.slice(0, 32)
}

test('its certificates let their consumers in until they are revoked, whatever happens to the program meanwhile', async () => {
  assert.equal((await ca('init')).code, 0)
  while (statSync(path('data/ca/clients.crl'), { throwIfNoEntry: false }) === undefined) await turn(20)
  await gateway.stop()
  gateway = await startGateway(configuration(true), { folder })

  const [acme, bolt] = [await issue('acme', 'acme'), await issue('bolt', 'bolt')]
  assert.deepEqual(await asOnce('acme'), [200, 'acme'])
  assert.deepEqual(await asOnce('bolt'), [200, 'bolt'])

  const kept = open('acme')
  assert.deepEqual(await ask(kept), [200, 'acme'])
  assert.equal((await ca('revoke', acme)).code, 0)
  while ((await asOnce('acme'))[0] === 200) await turn(20)
  const [status, body] = await asOnce('acme')
  assert.deepEqual([status, /certificate\.revoked/.test(body ?? '')], [403, true], `${status} ${body}`)
  assert.notEqual((await ask(kept))[0], 200)
  kept.socket.destroy()
  assert.deepEqual(await asOnce('bolt'), [200, 'bolt'])

  // What is revoked is refused from the first request of the next start on.
  assert.equal((await ca('revoke', bolt)).code, 0)
  await gateway.stop()
  gateway = await startGateway(configuration(true), { folder })
  assert.notEqual((await asOnce('bolt'))[0], 200)
  assert.notEqual((await asOnce('acme'))[0], 200)
  await issue('acme', 'again')
  assert.deepEqual(await asOnce('again'), [200, 'acme'])
})
