// A table of 609 routes with parameters from an OpenAPI document, each called in turn and all else refused.

import { pathFor, templatesOf609 } from '../openapi-document.ts'
import { loadCase } from './case.ts'

const prefix = '/table'
const templates = templatesOf609()

export const table609 = loadCase({
  name: 'table-609',
  says: '609 routes by template, called in turn; any other path is 404',
  work: {
    routes: [{ prefix, templates }],
    deny: [],
    keys: [],
    limit: null,
    log: false,
    calls: templates.map((template, index) => ({ method: 'GET', prefix, path: pathFor(template, index), key: null, body: null })),
  },
  goal: null,
})
