// A real Gatehouse under attack: the program itself on loopback, its admin token, and whatever must never be seen in what it prints.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Browser } from '../../management/browser.ts'
import { type ControlClient, clientOf, type Sent, type Told } from '../../management/control-client.ts'
import { type RunningGateway, startGateway } from '../../support/gateway.ts'

const CONFIGURATION = {
  store: 'sqlite:./data/gatehouse.db',
  apis: {
    apples: { path: '/apples', owner: 'reds', upstream: 'http://127.0.0.1:9', policies: { 'api-key': { header: 'X-API-Key' } } },
    berries: { path: '/berries', owner: 'blues', upstream: 'http://127.0.0.1:9', public: true },
  },
  consumers: { filed: { apis: ['apples'] } },
}

export interface Siege {
  readonly gateway: RunningGateway
  readonly client: ControlClient
  readonly folder: string
  readonly token: string
  /** By the admin token, and of any state unless said otherwise. */
  ask(method: string, path: string, sent?: Sent): Promise<Told>
  browser(): Browser
  /** Writes octets, and answers all that comes back until the end. */
  wire(octets: string): Promise<string>
  stop(): Promise<void>
}

export async function besieged(): Promise<Siege> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-siege-'))
  const gateway = await startGateway(CONFIGURATION, { folder })
  const token = readFileSync(join(folder, 'data/admin-token'), 'utf8').trim()
  const client = clientOf(gateway.controlPort)
  return {
    ...{ gateway, client, folder, token },
    ask: (method, path, { headers, ...sent } = {}) => client.send(method, `/api/v1${path}`, { as: token, headers: { 'if-match': '*', ...headers }, ...sent }),
    browser: () => new Browser(client),
    wire: (octets) =>
      new Promise((resolve) => {
        const socket = connect(gateway.controlPort, '127.0.0.1')
        let got = ''
        socket.on('data', (part) => (got += part.toString('latin1')))
        socket.on('error', () => {})
        socket.on('close', () => resolve(got))
        socket.write(Buffer.from(octets.replaceAll('HOST', `127.0.0.1:${gateway.controlPort}`).replaceAll('TOKEN', token), 'latin1'))
      }),
    async stop() {
      await gateway.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
