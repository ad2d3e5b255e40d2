// Whether a stored response may be used now (RFC 9111 4), with what the client asks of caches.
import type { RequestDirectives } from './cache-control.ts'
import type { StoredResponse } from './stored-response.ts'

/**
 * `fresh`: as it is. `stale`: too, because its client accepts it. `behind`: as it is, while it is validated (RFC 5861 3). `validate`: only once the upstream
 * has said that it still holds.
 */
export type Use = 'fresh' | 'stale' | 'behind' | 'validate'

export function useOf(stored: StoredResponse, nowUs: number, asks: RequestDirectives): Use {
  if (stored.mustValidate || asks.noCache) return 'validate'
  const leftUs = stored.freshUntilUs - nowUs
  if (asks.maxAge !== undefined && nowUs - stored.bornUs > asks.maxAge * 1e6) return 'validate'
  if (asks.minFresh !== undefined && leftUs < asks.minFresh * 1e6) return 'validate'
  // RFC 9111 4.2: fresh while its age is below its lifetime.
  if (leftUs > 0) return 'fresh'
  if (!stored.mayBeStale) return 'validate'
  if (asks.maxStale !== undefined && -leftUs <= asks.maxStale * 1e6) return 'stale'
  return -leftUs < stored.behindUs ? 'behind' : 'validate'
}

/** RFC 5861 4: it may stand for an answer that failed. */
export const standsForError = (stored: StoredResponse, nowUs: number): boolean =>
  stored.mayBeStale && !stored.mustValidate && nowUs - stored.freshUntilUs < stored.onErrorUs

/** Whole seconds (RFC 9111 5.1). */
export const ageSeconds = (stored: StoredResponse, nowUs: number): number => Math.max(0, Math.floor((nowUs - stored.bornUs) / 1e6))
