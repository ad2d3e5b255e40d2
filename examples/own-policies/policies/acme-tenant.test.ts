// What acme-tenant guarantees.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PolicyTest } from 'gatehouse/policy/testing'
import policy from './acme-tenant.ts'

const config = { tenants: { shop: 'north', kiosk: 'south' } }

test('the upstream is told the tenant of the consumer, whatever the caller says', async () => {
  const tenants = new PolicyTest(policy, config)
  for (const [as, tenant] of Object.entries(config.tenants)) {
    const { status, forwarded } = await tenants.send({ as, headers: { 'X-Tenant': 'east', 'x-tenant': 'west' } })
    assert.deepEqual([status, forwarded['x-tenant']], [200, tenant])
  }
})

test('nobody is let in who has no tenant, and no name of an object is one', async () => {
  const tenants = new PolicyTest(policy, config)
  for (const as of ['stranger', 'constructor', '__proto__', 'toString']) assert.equal((await tenants.send({ as })).code, 'acme-tenant.none')
})
