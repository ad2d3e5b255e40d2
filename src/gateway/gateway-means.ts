// What a gateway thread gives its gateway.
import type { Clock } from '../base/clock.ts'
import type { KnownStatuses } from '../certificates/known-statuses.ts'
import type { AnyPolicy, Resources } from '../pipeline/contract.ts'
import type { AccessLog } from '../telemetry/access-log.ts'
import type { UsageMeter } from '../telemetry/usage.ts'
import type { CrashSuspects } from './crash-suspects.ts'
import type { ConnectionCaps } from './doors/connection-caps.ts'
import type { CheckResults } from './upstreams/health/active/health-words.ts'

export interface GatewayMeans {
  readonly catalogue: ReadonlyMap<string, AnyPolicy>
  readonly resources: Resources
  readonly clock: Clock
  readonly caps: ConnectionCaps
  readonly suspects: CrashSuspects
  /** 48 octets that all threads share: with them sessions of TLS are resumed on any. */
  readonly ticketKeys: Uint8Array
  readonly accessLog: AccessLog | undefined
  /** What is known of the online status of certificates; absent: nobody is asked. */
  readonly statuses?: KnownStatuses
  /** What active checks find; absent: nobody checks. */
  readonly checks?: CheckResults
  /** Counts who calls what; absent: nobody asks. */
  readonly usage?: UsageMeter
  /** Takes a fault of the gateway's own: a line for the operator's log. */
  readonly report: (cause: unknown) => void
}
