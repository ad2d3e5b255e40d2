// The catalogue of policies, listed by hand: within a stage, policies run in this order.
import type { AnyPolicy } from '../pipeline/contract.ts'
import { apiKey } from './api-key/policy.ts'
import { bodyTransform } from './body-transform/policy.ts'
import { clientCertificate } from './client-certificate/policy.ts'
import { compress } from './compress/policy.ts'
import { cors } from './cors/policy.ts'
import { headers } from './headers/policy.ts'
import { ipFilter } from './ip-filter/policy.ts'
import { lifecycle } from './lifecycle/policy.ts'
import { mock } from './mock/policy.ts'
import { plan } from './plan/policy.ts'
import { rateLimit } from './rate-limit/policy.ts'
import { redirect } from './redirect/policy.ts'
import { requestSize } from './request-size/policy.ts'
import { responseCache } from './response-cache/policy.ts'
import { rewrite } from './rewrite/policy.ts'
import { secureHeaders } from './secure-headers/policy.ts'

/**
 * In admit: denied addresses first, they get not even a preflight; then CORS, so that a browser may read every refusal that follows; then what has ended, which
 * costs nobody anything of a limit; then what counts and measures. In identify: what the connection proves before what a request says. In limit: what guards
 * the API first, then what a consumer's plan gives it. In shape, where responses come back the other way round: what answers by itself; the cache, which stores
 * what all others made of a response; what compresses, behind what changes a body; then fields, which see the request as it came, and its target.
 */
export const policies: readonly AnyPolicy[] = [
  ipFilter,
  cors,
  lifecycle,
  rateLimit,
  requestSize,
  clientCertificate,
  apiKey,
  plan,
  redirect,
  mock,
  responseCache,
  compress,
  headers,
  rewrite,
  bodyTransform,
  secureHeaders,
]
