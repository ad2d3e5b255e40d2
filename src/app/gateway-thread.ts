// The entry of a gateway thread: puts a gateway together from what the main thread hands over, and follows its words.
import { openSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { MemoryResponses } from '../adapters/memory/responses.ts'
import { sharedCounters } from '../adapters/shared-memory/counters.ts'
import { SharedCredentials } from '../adapters/shared-memory/shared-credentials.ts'
import { quickChance } from '../base/chance.ts'
import { systemClock } from '../base/clock.ts'
import { KeyedHash } from '../base/keyed-hash.ts'
import type { ShelfBounds } from '../caching/shelves.ts'
import { KnownStatuses } from '../certificates/known-statuses.ts'
import { CrashSuspects } from '../gateway/crash-suspects.ts'
import { Challenges } from '../gateway/doors/challenges.ts'
import { ConnectionCaps } from '../gateway/doors/connection-caps.ts'
import { Gateway } from '../gateway/gateway.ts'
import { measure } from '../gateway/measuring.ts'
import { CheckResults } from '../gateway/upstreams/health/active/health-words.ts'
import type { GatewaySettings } from '../model/snapshot.ts'
import { outliveStrayErrors } from '../own-policies/stray-errors.ts'
import { ThreadPolicies } from '../own-policies/thread-policies.ts'
import { ThreadWords } from '../own-policies/watch-words.ts'
import { LOOK_MS } from '../own-policies/watchdog.ts'
import type { AnyPolicy } from '../pipeline/contract.ts'
import { systemTimer } from '../pipeline/deadline.ts'
import { AccessLog, fileSink, streamSink } from '../telemetry/access-log.ts'
import { UsageMeter } from '../telemetry/usage.ts'
import { policies } from './compose.ts'
import type { FromThread, Publication, ThreadStart, ToThread } from './thread-messages.ts'
import { ThreadReports } from './thread-reports.ts'
import { wayOut } from './way-out.ts'

/** How often the main thread is told who called. */
const USED_MS = 2000

const port = parentPort!
const start = workerData as ThreadStart
const say = (message: FromThread): void => port.postMessage(message)
const clock = systemClock(start.wallOffsetUs)
const { report } = new ThreadReports(
  (text) => say({ kind: 'report', text }),
  () => clock.nowUs() / 1000,
)
const credentials = new SharedCredentials(start.publication.directory, start.directory)
const usage = new UsageMeter((uses) => say({ kind: 'used', uses }))
const telling = setInterval(() => usage.flush(), USED_MS)
const accessLog = openLog(start.publication.pieces.gateway.accessLog)
const statuses = new KnownStatuses((question) => say({ kind: 'status', question }))
const responses = new MemoryResponses(boundsOf(start.publication.pieces.gateway), start.epochs, new KeyedHash(start.counterSecret))
const checks = new CheckResults(start.health)
/** Those of the program, and behind them those of operators: as of the publication that is being compiled. */
const catalogue = new Map<string, AnyPolicy>()
let { egress } = start.publication
const words = new ThreadWords(start.watched, start.index)
const ownPolicies = new ThreadPolicies(
  words,
  wayOut(
    () => egress.allowPrivate,
    () => egress.own,
  ),
)
let beating: NodeJS.Timeout | undefined
const gateway = new Gateway({
  catalogue,
  resources: { clock, counters: sharedCounters(start.counters, start.counterSecret), credentials, timer: systemTimer, chance: quickChance(), responses },
  clock,
  caps: new ConnectionCaps(start.caps, start.index, start.threads),
  suspects: new CrashSuspects(start.crashes, start.index),
  ticketKeys: start.ticketKeys,
  accessLog,
  statuses,
  checks,
  usage,
  report,
})

gateway.challenges = new Challenges(start.challenges)
gateway.drainTargets(start.drained)

/** Its share of what all threads may store. */
function boundsOf({ cache }: GatewaySettings): ShelfBounds {
  return { octets: Math.floor(cache.octets / start.threads), keys: Math.ceil(cache.keys / start.threads) }
}

/** 0600: access logs hold personal data. */
function openLog(where: GatewaySettings['accessLog']): AccessLog | undefined {
  if (where === 'off') return undefined
  return new AccessLog(where === 'stdout' ? streamSink(process.stdout) : fileSink(openSync(where.file, 'a', 0o600)))
}

/** Publishes one at a time and in order: a later one never overtakes. */
let publishing: Promise<void> = Promise.resolve()
function publish({ generation, pieces, directory, checks: watched = new Map(), ...own }: Publication): Promise<void> {
  publishing = publishing.then(async () => {
    try {
      checks.renew(watched)
      await takeUp(own)
      await gateway.publish(generation, pieces, () => credentials.replaceFile(directory))
      responses.bound(boundsOf(pieces.gateway))
      say({ kind: 'live', generation })
    } catch (cause) {
      say({ kind: 'refused', generation, message: cause instanceof Error ? cause.message : String(cause) })
    }
  })
  return publishing
}

async function takeUp(publication: Pick<Publication, 'ownPolicies' | 'egress'>): Promise<void> {
  egress = publication.egress
  if (publication.ownPolicies.length > 0 && beating === undefined) {
    beating = setInterval(() => words.beat(), LOOK_MS)
    outliveStrayErrors(report)
  }
  const own = await ownPolicies.load(publication.ownPolicies)
  catalogue.clear()
  for (const policy of [...policies, ...own]) catalogue.set(policy.name, policy)
}

port.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'publish':
      void publish(message.publication)
      break
    case 'directory':
      credentials.replaceStore(message.memory)
      say({ kind: 'answer', ask: message.ask })
      break
    case 'challenges':
      gateway.challenges = new Challenges(message.challenges)
      say({ kind: 'answer', ask: message.ask })
      break
    case 'drain-targets':
      gateway.drainTargets(message.drained)
      say({ kind: 'answer', ask: message.ask })
      break
    case 'measure':
      say({ kind: 'answer', ask: message.ask, measures: { ...measure(gateway, start.index, accessLog?.dropped ?? 0), cache: responses.measure() } })
      break
    case 'purge':
      void responses.purge(message.purge).then((purged) => say({ kind: 'answer', ask: message.ask, purged }))
      break
    case 'ticket-keys':
      gateway.renewTicketKeys(message.keys)
      break
    case 'status':
      statuses.learn(message.answer)
      break
    case 'drain':
      void gateway.drain().then(() => {
        clearInterval(telling)
        clearInterval(beating)
        usage.flush()
        say({ kind: 'drained' })
        port.close()
      })
      break
  }
})

await publish(start.publication)
if (gateway.live !== undefined) {
  const ports: number[] = []
  for (const [i, listener] of start.listen.entries()) ports.push(await gateway.listen(listener, start.sharedPort, start.ports[i]))
  say({ kind: 'listening', ports })
}
