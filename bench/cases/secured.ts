// The protected proxy: address list, API key, rate limit and access log, each by the proxy's own means.

import { benchKeys, type Call, denyList, limitOutOfReach, oneKilobyte, type Work } from '../work.ts'
import { loadCase } from './case.ts'

const keys = benchKeys(1)
const get: Call = { method: 'GET', prefix: '/shop', path: '/books/42', key: keys[0]!, body: null }
const work = (call: Call): Work => ({
  routes: [{ prefix: '/shop', templates: null }],
  deny: denyList,
  keys,
  limit: { ...limitOutOfReach, by: 'consumer' },
  log: true,
  calls: [call],
})

export const securedGet = loadCase({
  name: 'secured-get',
  says: 'GET, 1 KB, with a deny list of 50 networks, an API key, a rate limit by consumer, a JSON access log (and metrics in Gatehouse)',
  work: work(get),
  goal: 1.2,
})

export const securedPost = loadCase({
  name: 'secured-post',
  says: 'POST of 1 KB, otherwise as secured-get',
  work: work({ ...get, method: 'POST', path: '/books', body: oneKilobyte }),
  goal: 1.2,
})
