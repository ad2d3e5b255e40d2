// Documents that differ in paths, parameters, bodies, responses, security and servers.
import { document, type Pair } from './pairs.ts'

const one = (title: string, old: object, now: object, there: readonly string[], back: readonly string[]): Pair => ({ title, old, new: now, there, back })
const text = { type: 'string' }
const json = (schema: object = text): object => ({ 'application/json': { schema } })
const taking = (...parameters: readonly object[]): object => document({ parameters })
const query = (more: object = {}): object => ({ name: 'q', in: 'query', schema: text, ...more })
const array = { type: 'array', items: text }
const answering = (responses: object): object => document({ responses })
const fine = { description: 'Fine.' }
const paths = (...templates: readonly string[]): object => ({
  openapi: '3.1.0',
  info: {},
  paths: Object.fromEntries(templates.map((template) => [template, { get: { responses: { 200: fine } } }])),
})
const at = (url: string, template = '/books'): object => ({ ...paths(template), servers: [{ url }] })
const SCHEMES = {
  key: { type: 'apiKey', in: 'header', name: 'X-Key' },
  other: { type: 'apiKey', in: 'header', name: 'X-Other' },
  oauth: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'https://issuer.example/token', scopes: { read: '', write: '' } } } },
}
const asking = (security: readonly object[] | undefined, schemes: object = SCHEMES): object =>
  document(security === undefined ? {} : { security }, { root: { components: { securitySchemes: schemes } } })
const called = (callback: object): object => document({ callbacks: { done: { '{$request.body#/url}': { post: callback } } } })
const hooked = (webhooks: object): object => document({}, { root: { webhooks } })
const body = (schema: object): object => ({ requestBody: { content: json(schema) } })

export const operations: readonly Pair[] = [
  one('a path', paths('/a', '/b'), paths('/a'), ['breaking path-removed'], ['compatible operation-added']),
  one('a path with parameters under other names is the same', paths('/a/{id}'), paths('/a/{key}'), [], []),
  one(
    'a path that is a letter longer is another',
    paths('/a', '/b/{id}'),
    paths('/a', '/bb/{id}'),
    ['breaking path-removed', 'compatible operation-added'],
    ['breaking path-removed', 'compatible operation-added'],
  ),
  one('a method', document({}, { item: { get: { responses: { 200: fine } } } }), document({}), ['breaking method-removed'], ['compatible operation-added']),
  one(
    'a parameter of a path under another name',
    document({ parameters: [{ name: 'id', in: 'path', required: true, schema: text }] }),
    document({ parameters: [{ name: 'key', in: 'path', required: true, schema: text }] }, { path: '/books/{key}' }),
    ['compatible path-parameter-renamed'],
    ['compatible path-parameter-renamed'],
  ),
  one('an operationId', document({ operationId: 'a' }), document({ operationId: 'b' }), ['risky operation-id-changed'], ['risky operation-id-changed']),
  one('an operationId where there was none', document({}), document({ operationId: 'b' }), [], ['risky operation-id-changed']),
  one('a deprecation without a date', document({}), document({ deprecated: true }), ['risky deprecated-without-sunset'], []),
  one('a deprecation with a date', document({}), document({ deprecated: true, 'x-sunset': '2030-01-01' }), ['compatible operation-deprecated'], []),
  one(
    'an earlier date',
    document({ deprecated: true, 'x-sunset': '2030-01-01' }),
    document({ deprecated: true, 'x-sunset': '2029-01-01' }),
    ['breaking sunset-earlier'],
    [],
  ),

  one('an optional parameter', taking(), taking(query()), ['compatible parameter-added'], ['breaking parameter-removed']),
  one('a required parameter', taking(), taking(query({ required: true })), ['breaking required-parameter-added'], ['breaking parameter-removed']),
  one(
    'a parameter that is required',
    taking(query()),
    taking(query({ required: true })),
    ['breaking parameter-became-required'],
    ['compatible parameter-became-optional'],
  ),
  one('a parameter in another place', taking(query()), taking(query({ in: 'header' })), ['breaking parameter-moved'], ['breaking parameter-moved']),
  one(
    'a parameter of another type',
    taking(query()),
    taking(query({ schema: { type: 'integer' } })),
    ['breaking request-type-changed'],
    ['breaking request-type-changed'],
  ),
  one(
    'a parameter of a narrower type',
    taking(query({ schema: { type: 'number' } })),
    taking(query({ schema: { type: 'integer' } })),
    ['breaking request-type-narrowed'],
    ['compatible request-type-widened'],
  ),
  one(
    'a value of a parameter',
    taking(query({ schema: { ...text, enum: ['a', 'b'] } })),
    taking(query({ schema: { ...text, enum: ['a'] } })),
    ['breaking request-enum-narrowed'],
    ['compatible request-enum-widened'],
  ),
  one('a parameter of the path item', document({}, { item: { parameters: [query()] } }), taking(query()), [], []),
  one(
    'a parameter of the operation stands for that of the path item',
    document({ parameters: [query()] }, { item: { parameters: [query({ required: true })] } }),
    taking(query()),
    [],
    [],
  ),
  one('the case of a field’s name', taking(query({ in: 'header', name: 'X-A' })), taking(query({ in: 'header', name: 'x-a' })), [], []),
  one(
    'the case of a query parameter’s name',
    taking(query({ name: 'Q' })),
    taking(query({ name: 'q' })),
    ['breaking parameter-removed', 'compatible parameter-added'],
    ['breaking parameter-removed', 'compatible parameter-added'],
  ),
  one('fields that OpenAPI ignores', taking(query({ in: 'header', name: 'Accept', required: true })), taking(), [], []),
  one(
    'the style of a list',
    taking(query({ schema: array })),
    taking(query({ schema: array, style: 'pipeDelimited' })),
    ['breaking parameter-style-changed'],
    ['breaking parameter-style-changed'],
  ),
  one(
    'a list exploded',
    taking(query({ schema: array })),
    taking(query({ schema: array, explode: false })),
    ['breaking parameter-style-changed'],
    ['breaking parameter-style-changed'],
  ),
  one('a style that is the default', taking(query({ schema: array })), taking(query({ schema: array, style: 'form', explode: true })), [], []),
  one('explode of a single value says nothing', taking(query()), taking(query({ explode: false })), [], []),
  one(
    'a parameter as JSON',
    taking(query()),
    taking({ name: 'q', in: 'query', content: json() }),
    ['breaking parameter-style-changed'],
    ['breaking parameter-style-changed'],
  ),
  one('an empty value', taking(query({ allowEmptyValue: true })), taking(query()), ['breaking parameter-empty-value-refused'], []),
  one('reserved characters', taking(query({ allowReserved: true })), taking(query()), ['risky parameter-reserved-characters-refused'], []),
  one('a deprecated parameter', taking(query()), taking(query({ deprecated: true })), ['compatible parameter-deprecated'], []),
  one(
    'a parameter by reference',
    document({ parameters: [{ $ref: '#/components/parameters/Q' }] }, { root: { components: { parameters: { Q: query() } } } }),
    taking(query()),
    [],
    [],
  ),

  one('an optional body', document({}), document({ requestBody: { content: json() } }), ['compatible body-added'], ['breaking body-removed']),
  one(
    'a required body',
    document({}),
    document({ requestBody: { required: true, content: json() } }),
    ['breaking required-body-added'],
    ['breaking body-removed'],
  ),
  one(
    'a body that is required',
    document({ requestBody: { content: json() } }),
    document({ requestBody: { required: true, content: json() } }),
    ['breaking body-became-required'],
    ['compatible body-became-optional'],
  ),
  one(
    'a media type of the body',
    document({ requestBody: { content: { ...json(), 'application/xml': { schema: text } } } }),
    document({ requestBody: { content: json() } }),
    ['breaking request-media-type-removed'],
    ['compatible request-media-type-added'],
  ),
  one(
    'the case and charset of a media type',
    document({ requestBody: { content: json() } }),
    document({ requestBody: { content: { 'Application/JSON; charset=utf-8': { schema: text } } } }),
    [],
    [],
  ),
  one(
    'a range of media types',
    document({ requestBody: { content: json() } }),
    document({ requestBody: { content: { 'application/*': { schema: text } } } }),
    ['compatible request-media-type-added'],
    ['breaking request-media-type-removed', 'compatible request-media-type-added'],
  ),
  one(
    'the encoding of a part',
    document({ requestBody: { content: { 'multipart/form-data': { schema: text, encoding: { a: { contentType: 'image/png' } } } } } }),
    document({ requestBody: { content: { 'multipart/form-data': { schema: text } } } }),
    ['risky request-encoding-changed'],
    ['risky request-encoding-changed'],
  ),

  one(
    'a response of success',
    answering({ 200: fine, 202: fine }),
    answering({ 200: fine }),
    ['breaking response-status-removed'],
    ['risky response-status-added'],
  ),
  one(
    'a response of failure',
    answering({ 200: fine, 404: fine }),
    answering({ 200: fine }),
    ['compatible response-status-removed'],
    ['compatible response-status-added'],
  ),
  one(
    'a response that a range covers',
    answering({ 200: fine }),
    answering({ '2XX': fine }),
    ['risky response-status-added'],
    ['compatible response-status-removed', 'compatible response-status-added'],
  ),
  one(
    'a response that default covered',
    answering({ default: fine, 200: fine }),
    answering({ default: fine, 200: fine, 500: fine }),
    ['compatible response-status-added'],
    [],
  ),
  one(
    'what a range answers',
    answering({ 200: { ...fine, content: json({ type: 'integer' }) } }),
    answering({ '2XX': { ...fine, content: json({ type: 'number' }) } }),
    ['breaking response-type-widened', 'risky response-status-added'],
    ['compatible response-status-removed', 'compatible response-status-added', 'compatible response-type-narrowed'],
  ),
  one(
    'a media type of the response',
    answering({ 200: { ...fine, content: { ...json(), 'text/csv': {} } } }),
    answering({ 200: { ...fine, content: json() } }),
    ['breaking response-media-type-removed'],
    ['compatible response-media-type-added'],
  ),
  one(
    'the content of the response',
    answering({ 200: { ...fine, content: json() } }),
    answering({ 200: fine }),
    ['breaking response-media-type-removed'],
    ['compatible response-media-type-added'],
  ),
  one(
    'a response by reference',
    document({ responses: { 200: { $ref: '#/components/responses/R' } } }, { root: { components: { responses: { R: { ...fine, content: json() } } } } }),
    answering({ 200: { ...fine, content: json() } }),
    [],
    [],
  ),
  one(
    'a response field',
    answering({ 200: { ...fine, headers: { 'X-A': { schema: text } } } }),
    answering({ 200: fine }),
    ['breaking response-header-removed'],
    ['compatible response-header-added'],
  ),
  one(
    'the case of a response field',
    answering({ 200: { ...fine, headers: { 'X-A': { schema: text } } } }),
    answering({ 200: { ...fine, headers: { 'x-a': { schema: text } } } }),
    [],
    [],
  ),
  one(
    'a response field that is certain',
    answering({ 200: { ...fine, headers: { 'X-A': { required: true, schema: text } } } }),
    answering({ 200: { ...fine, headers: { 'X-A': { schema: text } } } }),
    ['breaking response-header-became-optional'],
    [],
  ),
  one(
    'a response field of another type',
    answering({ 200: { ...fine, headers: { 'X-A': { schema: { type: 'integer' } } } } }),
    answering({ 200: { ...fine, headers: { 'X-A': { schema: { type: 'number' } } } } }),
    ['breaking response-type-widened'],
    ['compatible response-type-narrowed'],
  ),

  one('security at all', asking(undefined), asking([{ key: [] }]), ['breaking security-added'], ['compatible security-removed']),
  one('security that may be left out', asking([{ key: [] }, {}]), asking([{ key: [] }]), ['breaking security-added'], ['compatible security-removed']),
  one('a further credential at once', asking([{ key: [] }]), asking([{ key: [], other: [] }]), ['breaking security-alternative-removed'], []),
  one(
    'an alternative',
    asking([{ key: [] }, { other: [] }]),
    asking([{ key: [] }]),
    ['breaking security-alternative-removed'],
    ['compatible security-alternative-added'],
  ),
  one('a scope', asking([{ oauth: ['read'] }]), asking([{ oauth: ['read', 'write'] }]), ['breaking security-scope-added'], []),
  one('a scheme of another name is the same', asking([{ key: [] }]), asking([{ again: [] }], { again: { ...SCHEMES.key, name: 'x-key' } }), [], []),
  one(
    'another scheme under the same name',
    asking([{ key: [] }]),
    asking([{ key: [] }], { key: SCHEMES.other }),
    ['breaking security-scheme-changed'],
    ['breaking security-scheme-changed'],
  ),
  one('security of the document', document({}, { root: { security: [{ key: [] }], components: { securitySchemes: SCHEMES } } }), asking([{ key: [] }]), [], []),
  one(
    'another issuer',
    asking([{ oauth: ['read'] }]),
    asking([{ oauth: ['read'] }], { oauth: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'https://other.example/token', scopes: {} } } } }),
    ['breaking security-scheme-changed'],
    ['breaking security-scheme-changed'],
  ),

  one('another host', at('https://a.example/v1'), at('https://b.example/v1/'), [], []),
  one('another base path', at('https://a.example/v1'), at('https://a.example/v2'), ['breaking server-path-changed'], ['breaking server-path-changed']),
  one('a base path that moved into the paths', at('/v1'), at('/', '/v1/books'), [], []),
  one('a base path by a variable', { ...paths('/books'), servers: [{ url: 'https://a.example/{v}', variables: { v: { default: 'v1' } } }] }, at('/v1'), [], []),
  one(
    'a server of one operation',
    document({}),
    document({ servers: [{ url: '/other' }] }),
    ['breaking operation-server-changed'],
    ['breaking operation-server-changed'],
  ),

  one('a callback', called(body(text)), document({}), ['breaking callback-removed'], ['compatible callback-added']),
  one(
    'what a callback brings',
    called(body({ type: 'integer' })),
    called(body({ type: 'number' })),
    ['breaking response-type-widened'],
    ['compatible response-type-narrowed'],
  ),
  one(
    'a method of a callback',
    called(body(text)),
    document({ callbacks: { done: { '{$request.body#/url}': { put: body(text) } } } }),
    ['breaking callback-removed'],
    ['breaking callback-removed'],
  ),
  one('a webhook', hooked({ done: { post: body(text) } }), hooked({}), ['breaking webhook-removed'], ['compatible webhook-added']),
  one(
    'what a webhook brings',
    hooked({ done: { post: body({ type: 'integer' }) } }),
    hooked({ done: { post: body({ type: 'number' }) } }),
    ['breaking response-type-widened'],
    ['compatible response-type-narrowed'],
  ),
  one(
    'what may be answered to a webhook',
    hooked({ done: { post: { responses: { 200: { ...fine, content: json({ type: 'number' }) } } } } }),
    hooked({ done: { post: { responses: { 200: { ...fine, content: json({ type: 'integer' }) } } } } }),
    ['breaking request-type-narrowed'],
    ['compatible request-type-widened'],
  ),
  one(
    'Swagger 2.0',
    { swagger: '2.0', paths: {} },
    { swagger: '2.0', paths: {} },
    ['breaking not-openapi', 'breaking not-openapi'],
    ['breaking not-openapi', 'breaking not-openapi'],
  ),
]
