// What stands around a control plane in tests, the same wherever its store is: counters, a token to begin with, a site, passwords hashed cheaply.
import { counterMemory, sharedCounters } from '../../src/adapters/shared-memory/counters.ts'
import { randomSecret } from '../../src/base/ids.ts'
import { AdminToken } from '../../src/management/admin-token.ts'

export const ADMIN_TOKEN = 'x'.repeat(43)

export const surroundings = () =>
  ({
    counters: sharedCounters(counterMemory(4096), randomSecret(16)),
    guestCounters: sharedCounters(counterMemory(4096), randomSecret(16)),
    adminToken: new AdminToken(ADMIN_TOKEN),
    site: { origin: 'http://localhost:8081', rpId: 'localhost', name: 'Gatehouse' },
    signIn: { secondFactor: 'writers' },
    hashCosts: { memoryKib: 64, passes: 1, parallelism: 1 },
    requestsPerMinute: 1_000_000,
    ready: () => true,
    metrics: async () => 'up 1\n',
  }) as const
