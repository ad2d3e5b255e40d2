// acme-tenant: knows the tenant that a consumer belongs to, tells the upstream, and refuses who has none.
import { definePolicy, object, Principal, record, string } from 'gatehouse/policy'
import { Tenant } from './tenant.ts'

const tenantName = string({ pattern: /^[a-z]{1,30}$/, means: 'a tenant: up to 30 letters in lower case' })

export default definePolicy({
  name: 'acme-tenant',
  stage: 'authorize',
  summary: 'Knows the tenant that a consumer belongs to, and tells the upstream.',
  config: object({
    tenants: record(tenantName, { key: /^[a-z0-9-]{1,63}$/, keyMeans: 'the name of a consumer', describe: 'Consumers, each with its tenant.' }),
  }),
  reads: [Principal],
  writes: [Tenant],
  denials: {
    none: { status: 403, says: 'You belong to no tenant here.', ref: 'OWASP API1:2023', mend: 'Ask the operator to say which tenant your consumer belongs to.' },
  },
  examples: [
    {
      title: 'A consumer with a tenant; what it says of itself does not count',
      config: { tenants: { shop: 'north' } },
      send: { as: 'shop', headers: { 'X-Tenant': 'south' } },
      expect: { status: 200, forwarded: { 'X-Tenant': 'north' } },
    },
    {
      title: 'A consumer without one',
      config: { tenants: { shop: 'north' } },
      send: { as: 'stranger' },
      expect: { status: 403, code: 'acme-tenant.none' },
    },
  ],
  compile({ tenants }, { deny }) {
    const none = deny('none')
    const byConsumer = new Map(Object.entries(tenants))
    return {
      request(x) {
        const tenant = byConsumer.get(x.get(Principal)?.consumer ?? '')
        if (tenant === undefined) return none
        x.set(Tenant, tenant)
        x.tellUpstream('X-Tenant', tenant)
        return undefined
      },
    }
  },
})
