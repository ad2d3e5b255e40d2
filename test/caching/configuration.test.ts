// What a configuration may say of the cache: its policy works or is left out, and its memory is a setting of the gateway.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Fault } from '../../src/base/fault.ts'
import { one } from '../../src/catalog/sections/attachments.ts'
import { gatewaySettings } from '../../src/catalog/sections/gateway-settings.ts'
import { responseCache } from '../../src/policies/response-cache/policy.ts'

it('a cache that only watches is a fault: it would say that responses are kept, and keep none', () => {
  const faults: Fault[] = []
  one(responseCache, { mode: 'monitor' }, [], faults)
  assert.deepEqual(
    faults.map(({ code, path }) => [code, path]),
    [['contradiction', ['mode']]],
  )
  faults.length = 0
  one(responseCache, { mode: 'enforce', public: true }, [], faults)
  assert.deepEqual(faults, [])
})

it('the memory of all threads together has a default, bounds, and no other keys', () => {
  const read = (cache: object | undefined): { readonly cache: unknown; readonly codes: readonly string[] } => {
    const faults: Fault[] = []
    const { cache: found } = gatewaySettings.read(cache === undefined ? {} : { cache }, [], faults)
    return { cache: found, codes: faults.map(({ code }) => code) }
  }
  assert.deepEqual(read(undefined), { cache: { memory: 64 * 1024 ** 2, entries: 65_536 }, codes: [] })
  assert.deepEqual(read({ memory: '0B', entries: 0 }), { cache: { memory: 0, entries: 0 }, codes: [] })
  assert.deepEqual(read({ memory: '65GiB' }).codes, ['out-of-range'])
  assert.deepEqual(read({ size: '1MiB' }).codes, ['unknown-key'])
})
