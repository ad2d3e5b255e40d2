// The plain proxy: nothing but forwarding, with the fields that Gatehouse adds by default.

import { type Call, oneKilobyte, type Work } from '../work.ts'
import { loadCase } from './case.ts'

const get: Call = { method: 'GET', prefix: '/shop', path: '/books/42', key: null, body: null }
const work = (call: Call): Work => ({ routes: [{ prefix: '/shop', templates: null }], deny: [], keys: [], limit: null, log: false, calls: [call] })

export const plainGet = loadCase({
  name: 'plain-get',
  says: 'GET, answer of 1 KB, forwarding fields and a request id added, no access log',
  work: work(get),
  goal: 1.15,
})

export const plainPost = loadCase({
  name: 'plain-post',
  says: 'POST of 1 KB, otherwise as plain-get',
  work: work({ ...get, method: 'POST', path: '/books', body: oneKilobyte }),
  goal: 1.15,
})
