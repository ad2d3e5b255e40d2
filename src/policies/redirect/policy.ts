// redirect: sends a client to another address, whose host no caller can choose.
import { boolean, checked, type Infer, mapped, object, oneOf, optional, type Schema, string } from '../../base/schema.ts'
import { definePolicy, type Reply, type ResponseField } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { type PathPattern, readPathPattern } from '../../pipeline/templates/path-pattern.ts'
import { type AddressTemplate, readAddressTemplate } from '../../pipeline/templates/target-templates.ts'
import { templated } from '../../pipeline/templates/templates.ts'

const written = object({
  status: optional(
    oneOf([301, 302, 303, 307, 308], '308 and 307 keep method and body, 303 makes it a GET; 301 and 308 are for good, and are kept by browsers.'),
    308,
  ),
  from: optional(templated(string({ maxLength: 2000, describe: 'The path below the API: `/old/{rest*}`. Left out: every path.' }), readPathPattern)),
  to: string({
    maxLength: 2000,
    describe:
      'Where to: `https://HOST/PATH`, its host written as text, or a path at the host that was asked, as the client sees it. `{rest}` is a group of `from`, `${...}` something of the request.',
  }),
  keepQuery: optional(boolean('The query of the request goes along.'), false),
})
type Written = Infer<typeof written>
interface Config extends Omit<Written, 'to'> {
  readonly to: AddressTemplate
}
const config: Schema<Config> = mapped(
  checked(written, ({ from, to }) => {
    const address = readAddressTemplate(to, from)
    return 'code' in address ? { ...address, at: ['to'] } : undefined
  }),
  (value) => ({ ...value, to: readAddressTemplate(value.to, value.from) as AddressTemplate }),
)

export const redirect = definePolicy<Config, never, 'refused'>({
  name: 'redirect',
  stage: 'shape',
  summary: 'Sends a client to another address, whose host no caller can choose.',
  when: 'When something has moved. Several of them, each with its `from`, are a list; the first that fits answers. From http to https the listener redirects by itself.',
  config,
  uses: [],
  reads: ({ to }) => to.inserts.flatMap(({ slot, fallback }) => (slot && fallback === undefined ? [slot] : [])),
  denials: {
    refused: {
      status: 400,
      says: 'The address to go to cannot be made of this request.',
      ref: 'CWE-601',
      mend: 'Something that belongs into the address is missing, empty, too long, or spelled in a way that is read in more than one way: `//`, `\\`, `..` and control characters do not belong there.',
    },
  },
  examples: [
    {
      title: 'Books have moved to another host',
      config: { from: '/books/{rest*}', to: 'https://books.example/catalogue/{rest}', keepQuery: true },
      send: { path: '/books/7?lang=en' },
      expect: { status: 308 },
    },
    {
      title: 'What does not fit goes on',
      config: { from: '/books/{rest*}', to: 'https://books.example/{rest}' },
      send: { path: '/films' },
      expect: { status: 200 },
    },
    {
      title: 'Within the host that was asked, for now',
      config: { status: 307, from: '/latest', to: '/releases/${request.query.channel:-stable}' },
      send: { path: '/latest?channel=beta' },
      expect: { status: 307 },
    },
  ],
  related: ['rewrite'],
  faults: ({ to }) =>
    to.inserts.flatMap(({ secret, name }) =>
      secret ? [{ code: 'secret-shown', message: `\${${name}} may be a credential, and would stand in an address` }] : [],
    ),
  compile({ status, from, to, keepQuery }, { prefix, deny }) {
    const refused = deny('refused')
    const standing = whoIsTold(to)
    return {
      request(x) {
        const groups = groupsOf(x, from, prefix)
        if (groups === undefined) return undefined
        const location = addressOf(x, to, groups, keepQuery)
        if (location === undefined) return refused
        // A client that is sent to where it is would come again and again.
        if (location === (x.query === undefined ? x.path : `${x.path}?${x.query}`)) return undefined
        const reply: Reply = { kind: 'reply', status, fields: [['Location', location], ...standing] }
        return reply
      },
    }
  },
})

const NO_GROUPS: readonly string[] = []
function groupsOf({ path }: Exchange, from: PathPattern | undefined, prefix: string): readonly string[] | undefined {
  return from === undefined ? NO_GROUPS : from.match(path.length === prefix.length ? '/' : path.slice(prefix.length))
}

function addressOf(x: Exchange, { origin, path, query, fragment }: AddressTemplate, groups: readonly string[], keepQuery: boolean): string | undefined {
  // Nothing ambiguous at all: "//host" and "/\host" are other hosts to a browser (WHATWG URL 4.4).
  const at = path.render(x, groups, 0)
  const said = query?.render(x, groups)
  const behind = fragment?.render(x, groups)
  if (at === undefined || (query && said === undefined) || (fragment && behind === undefined)) return undefined
  const given = keepQuery ? x.query : undefined
  const whole = said === undefined ? given : given === undefined ? said : `${said}&${given}`
  return `${origin}${at}${whole === undefined ? '' : `?${whole}`}${behind === undefined ? '' : `#${behind}`}`
}

/** RFC 9111 4.1: a cache that knows only the target must not give one caller's address to another. */
function whoIsTold({ inserts }: AddressTemplate): readonly ResponseField[] {
  const fields = [...new Set(inserts.flatMap(({ field }) => (field === undefined ? [] : [field])))]
  const vary: readonly ResponseField[] = fields.length > 0 ? [['Vary', fields.join(', ')]] : []
  return inserts.some(({ personal }) => personal) ? [['Cache-Control', 'no-store'], ...vary] : vary
}
