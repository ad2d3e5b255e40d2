// A whole control plane on a store that lasts, put together as the program does it: foundations, catalog, directory, plane and control listener.
import { backUpsIn } from '../../src/app/back-ups.ts'
import { policies } from '../../src/app/compose.ts'
import { controlPlane } from '../../src/app/control-plane.ts'
import { openFoundations } from '../../src/app/foundations.ts'
import { LiveDirectory } from '../../src/app/live-directory.ts'
import { systemClock } from '../../src/base/clock.ts'
import { CatalogPublishing } from '../../src/catalog/revisions/catalog-publishing.ts'
import { sourcesOf } from '../../src/catalog/revisions/conformance/fixtures.ts'
import { operations } from '../../src/management/operations/index.ts'
import type { Plane } from '../../src/management/plane.ts'
import type { Store } from '../../src/ports/store.ts'
import { type ControlClient, controlClient } from '../management/control-client.ts'
import { ADMIN_TOKEN, surroundings } from '../management/surroundings.ts'

const FILE = {
  gatehouse: 1,
  apis: { apples: { path: '/apples', upstream: 'http://apples.example', public: true } },
  consumers: { filed: { apis: ['apples'] } },
}
/** The same installation as ever: the envelope key is a file in its folder. */
const settings = { adminToken: ADMIN_TOKEN, noColor: true, envelopeKey: undefined, secret: () => undefined, commandEnvironment: {} }

export interface House {
  readonly plane: Plane
  readonly catalog: CatalogPublishing
  readonly directory: LiveDirectory
  readonly client: ControlClient
  /** What was reported as a mistake of ours. */
  readonly reports: unknown[]
  close(): Promise<void>
}
export interface HousePlan {
  /** Where the envelope key stands, and the store when none is given. */
  readonly folder: string
  /** Stays open when the house is closed. */
  readonly store?: Store
  readonly nodeId?: string
  readonly file?: object
}

export async function openHouse({ folder, store: given, nodeId = 'node_test', file = FILE }: HousePlan): Promise<House> {
  const clock = systemClock()
  const nowMs = (): number => Math.floor(clock.nowUs() / 1000)
  const reports: unknown[] = []
  const where = { store: { kind: 'sqlite', file: `${folder}/store.db` }, envelope: undefined, dataFolder: folder, settings: { webhooks: {} } } as const
  const foundations = await openFoundations(where, settings, { nowMs: nowMs(), store: given, report: (text) => void reports.push(text) })
  const { store, trail, envelope, peopleKey } = foundations
  const directory = new LiveDirectory({ store, dataKey: foundations.directoryKey }, nowMs, (text) => void reports.push(text))
  const opened = await CatalogPublishing.open(
    {
      ...{ store, policies, nodeId, nowMs, cores: 1 },
      live: async (configuration) => directory.accept(await directory.admit(configuration.directory)),
      within: async (writing, { number }) => {
        const object = { kind: 'revision', name: String(number) }
        await trail.append(writing, { act: 'file.publish', actor: { kind: 'file', id: 'file' }, outcome: 'done', object }, nowMs())
      },
    },
    sourcesOf(JSON.stringify(file)),
  )
  if (!opened.ok) throw new Error(JSON.stringify(opened.faults))
  const { catalog } = opened
  await directory.start()
  directory.accept(await directory.admit(catalog.configuration.directory))
  const plane = controlPlane({
    ...{ store, clock, envelope, catalog, directory, peopleKey, trail },
    responses: { purge: async () => ({ responses: 0, octets: 0 }) },
    backUps: backUpsIn(`${folder}/backups`, foundations.backUp, 'db'),
    system: { version: '0.0.0', storeKind: 'sqlite', generation: () => 1 },
    targets: { measured: async () => [], catchUp: async () => {} },
    tell: async () => {},
    egress: { fetch: () => Promise.reject(new Error('nothing goes out here')) },
    ...surroundings(),
    report: (cause) => void reports.push(cause),
  })
  const client = await controlClient(operations, plane)
  return {
    ...{ plane, catalog, directory, client, reports },
    async close() {
      await client.close()
      await directory.stop()
      await catalog.close()
      await foundations.close()
    },
  }
}
