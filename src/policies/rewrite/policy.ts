// rewrite: gives the upstream another path, query, method or host than the client asked for.
import { checked, either, type Infer, list, mapped, object, oneOf, optional, record, type Schema, string } from '../../base/schema.ts'
import { definePolicy } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { type PathPattern, readPathPattern } from '../../pipeline/templates/path-pattern.ts'
import { type PathTemplate, readPathTemplate, readQueryTemplate } from '../../pipeline/templates/target-templates.ts'
import { type Insert, templated } from '../../pipeline/templates/templates.ts'
import { queryChange } from './query.ts'

const RULES_MAX = 50
const parameter = string({ pattern: /^[\w.~[\]-]{1,100}$/, means: 'the name of a parameter: letters, digits and . _ ~ - [ ]' })
const PARAMETER = { key: /^[\w.~[\]-]{1,100}$/, keyMeans: 'the name of a parameter: letters, digits and . _ ~ - [ ]', max: RULES_MAX }
const text = string({ maxLength: 2000 })

const rule = object({
  from: templated(string({ maxLength: 2000, describe: 'The path below the API: `/v1/{id}/{rest*}`.' }), readPathPattern),
  to: string({ maxLength: 2000, describe: 'The path in its place: `/api/{rest}`, with `${...}` for what else is put in.' }),
})
const read = (written: Infer<typeof rule>): Rule => ({ from: written.from, to: readPathTemplate(written.to, written.from) as PathTemplate })
/** Both are read together: `to` may name the groups of `from`. */
const checkedRule: Schema<Rule> = mapped(
  checked(rule, ({ from, to }) => {
    const template = readPathTemplate(to, from)
    return 'code' in template ? { ...template, at: ['to'] } : undefined
  }),
  read,
)
interface Rule {
  readonly from: PathPattern
  readonly to: PathTemplate
}
const oneOrMore = <T>(item: Schema<T>, means: string): Schema<readonly T[]> =>
  mapped(either([item, list(item, { min: 1, max: RULES_MAX })], means), (value) => (Array.isArray(value) ? value : [value]) as readonly T[])

const CHANGING = ['POST', 'PUT', 'PATCH', 'DELETE'] as const
const method = oneOf(CHANGING)

const config = object({
  path: optional(oneOrMore(checkedRule, 'a rule or a list of rules')),
  query: optional(
    object(
      {
        keep: optional(list(parameter, { max: RULES_MAX, describe: 'Parameters that go on; all others do not.' })),
        remove: optional(list(parameter, { max: RULES_MAX, describe: 'Parameters that do not go on.' }), []),
        rename: optional(record(parameter, { ...PARAMETER, describe: 'Parameters that go on under another name, in the place of all that have it.' }), {}),
        set: optional(
          record(templated(text, readQueryTemplate), {
            ...PARAMETER,
            describe:
              'Parameters in the place of all of that name, at the end. Where something in a value is not there and has no fallback, the parameter is left out.',
          }),
          {},
        ),
      },
      'Which parameters the upstream gets.',
    ),
  ),
  method: optional(object({ from: method, to: method }, 'Another method, of those that change something.')),
  host: optional(
    string({
      pattern: /^(?:[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/,
      means: 'a host such as books.internal or books.internal:8080',
      maxLength: 260,
      describe: 'The Host that the upstream is told. The request goes to the same upstream.',
    }),
  ),
})
type Config = Infer<typeof config>

const insertsIn = ({ path = [], query }: Config): readonly Insert[] =>
  [...path.map(({ to }) => to), ...Object.values(query?.set ?? {})].flatMap(({ inserts }) => inserts)

/** RFC 9110 9.2.2: what may be sent twice. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['PUT', 'DELETE'])

export const rewrite = definePolicy<Config, never, 'refused'>({
  name: 'rewrite',
  stage: 'shape',
  summary: 'Gives the upstream another path, query, method or host than the client asked for.',
  when: 'When an upstream has other paths, parameters or methods than those that are published. What callers may do is decided on what they asked for: look at `notes.md` before a rewrite leads to what is protected otherwise.',
  config,
  uses: [],
  reads: (written) => insertsIn(written).flatMap(({ slot, fallback }) => (slot && fallback === undefined ? [slot] : [])),
  leadsBy: (written) => insertsIn(written),
  denials: {
    refused: {
      status: 400,
      says: 'The request cannot be forwarded in the form that this API needs.',
      ref: 'OWASP API8:2023',
      mend: 'Something that belongs into the path is missing, empty, too long, or spelled in a way that is read in more than one way: `/`, `\\`, `..`, `%` and control characters do not belong there.',
    },
  },
  examples: [
    {
      title: 'Published under /v1, served under /api',
      config: { path: { from: '/v1/{rest*}', to: '/api/{rest}' } },
      send: { path: '/v1/books/7' },
      expect: { status: 200 },
    },
    {
      title: 'A value that would lead out of its segment is refused',
      config: { path: { from: '/books/{id}', to: '/tenants/${request.header.x-tenant}/books/{id}' } },
      send: { path: '/books/7', headers: { 'X-Tenant': '../admin' } },
      expect: { status: 400, code: 'rewrite.refused' },
    },
    {
      title: 'Only what the upstream knows, and a parameter that callers do not choose',
      config: { query: { keep: ['page', 'q'], rename: { q: 'search' }, set: { source: 'gateway' } } },
      send: { path: '/books?q=sea&page=2&debug=1&source=me' },
      expect: { status: 200 },
    },
    { title: 'POST is published, PUT is served', config: { method: { from: 'POST', to: 'PUT' } }, send: { method: 'POST' }, expect: { status: 200 } },
  ],
  related: ['headers', 'redirect'],
  single: true,
  faults({ path, query, method, host }) {
    const faults: { code: string; message: string }[] = []
    if (path === undefined && query === undefined && method === undefined && host === undefined)
      faults.push({ code: 'empty', message: "rewrite needs 'path', 'query', 'method' or 'host'" })
    if (method && method.from === method.to) faults.push({ code: 'contradiction', message: `'method' goes from ${method.from} to itself` })
    else if (method && IDEMPOTENT.has(method.from) && !IDEMPOTENT.has(method.to))
      faults.push({
        code: 'contradiction',
        message: `${method.from} may be sent again when nothing was answered (RFC 9110 9.2.2), and ${method.to} may not: clients and proxies would repeat it`,
      })
    if (query) {
      const { keep = [], remove, rename, set } = query
      const named = [...keep, ...remove, ...Object.keys(rename), ...Object.keys(set)]
      const twice = named.find((name, i) => named.indexOf(name) !== i && !(keep.includes(name) && Object.hasOwn(rename, name)))
      if (twice !== undefined) faults.push({ code: 'contradiction', message: `query: '${twice}' is named twice: one thing is done to a parameter` })
      const targets = [...Object.values(rename), ...Object.keys(set)]
      const clash = targets.find((name, i) => targets.indexOf(name) !== i)
      if (clash !== undefined) faults.push({ code: 'contradiction', message: `query: two parameters would become '${clash}'` })
    }
    return faults
  },
  compile({ path: rules, query, method, host }, { prefix, deny }) {
    const refused = deny('refused')
    const parameters = query && queryChange(query)
    return {
      request(x: Exchange) {
        if (rules !== undefined && !rewritten(x, rules, prefix)) return refused
        parameters?.(x)
        if (method !== undefined && x.method === method.from) x.respellMethod(method.to)
        if (host !== undefined) x.respellHost(host)
        return undefined
      },
    }
  },
})

/** The first rule that fits. False when what comes of it is no path that a request might have come with. */
function rewritten(x: Exchange, rules: readonly Rule[], prefix: string): boolean {
  const { path } = x
  const below = path.length === prefix.length ? '/' : path.slice(prefix.length)
  for (let i = 0; i < rules.length; i++) {
    const { from, to } = rules[i]!
    const groups = from.match(below)
    if (groups === undefined) continue
    // What was ambiguous in the request and let in may be so again, and nothing else.
    const out = to.render(x, groups, x.head.ambiguities)
    if (out === undefined) return false
    x.forwardPath(prefix + out)
    return true
  }
  return true
}
