// headers: sets, adds, removes and renames fields of requests on their way to the upstream, and of its responses on their way back.
import { checked, type Infer, list, object, optional, record, string } from '../../base/schema.ts'
import { definePolicy } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { type FieldTemplate, fieldTemplate } from '../../pipeline/templates/templates.ts'
import { requestChange, responseChange } from './changes.ts'
import { type Doing, requestNameFault, responseNameFault } from './names.ts'

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/
const MEANS = 'a field name such as X-Tenant'
const LISTED_MAX = 50

const fields = (ofResponse: boolean, describe: string) =>
  record(fieldTemplate(ofResponse, 'Text with `${...}` for what is put in.'), { key: NAME, keyMeans: MEANS, max: LISTED_MAX, describe })

const changes = (ofResponse: boolean, describe: string) =>
  object(
    {
      set: optional(
        fields(ofResponse, 'Fields in the place of all of that name. Where something in a value is not there and has no fallback, the field is left out.'),
        {},
      ),
      add: optional(fields(ofResponse, 'Fields beside those of that name.'), {}),
      remove: optional(list(string({ pattern: NAME, means: MEANS }), { max: LISTED_MAX, describe: 'Fields that do not go on.' }), []),
      rename: optional(
        record(string({ pattern: NAME, means: MEANS }), {
          key: NAME,
          keyMeans: MEANS,
          max: LISTED_MAX,
          describe: 'Fields that go on under another name, in the place of all that have it.',
        }),
        {},
      ),
    },
    describe,
  )
const config = checked(
  object({
    request: optional(changes(false, 'On the way to the upstream.')),
    response: optional(changes(true, 'On the way back to the client.')),
  }),
  ({ request, response }) =>
    request === undefined && response === undefined ? { code: 'empty', message: "headers needs 'request' or 'response'" } : undefined,
)
type Config = Infer<typeof config>
type Changes = NonNullable<Config['request']>

export const headers = definePolicy<Config, never, 'too-large'>({
  name: 'headers',
  stage: 'shape',
  summary: 'Sets, adds, removes and renames fields of requests on their way to the upstream, and of its responses on their way back.',
  when: 'When an upstream wants to be told something that the gateway knows, must not be told something that callers send, or says something that callers need not hear. What browsers are to be told stands in `secure-headers` and `cors`.',
  config,
  uses: [],
  reads: ({ request, response }) => [...new Set([...slotsOf(request), ...slotsOf(response)])],
  denials: {
    'too-large': {
      status: 431,
      says: 'The request head is larger than this API accepts.',
      ref: 'RFC 6585 5',
      mend: 'What the operator copies from requests into other fields would be more than 16 KiB: send shorter fields.',
    },
  },
  examples: [
    {
      title: 'The upstream learns the tenant, and no caller can say another',
      config: { request: { set: { 'X-Tenant': '${request.query.tenant:-public}' }, remove: ['X-Debug'] } },
      send: { path: '/books?tenant=blue', headers: { 'X-Tenant': 'spoofed', 'X-Debug': '1' } },
      expect: { status: 200 },
    },
    {
      title: 'What the upstream says of itself stays inside',
      config: { response: { remove: ['X-Node'], set: { 'X-Served-By': 'gatehouse' }, rename: { 'X-Total': 'X-Total-Count' } } },
      send: {},
      expect: { status: 200 },
    },
    {
      title: 'What would be copied is too large',
      config: { request: { set: { 'X-A': '${request.header.x-long}', 'X-B': '${request.header.x-long}', 'X-C': '${request.header.x-long}' } } },
      send: { headers: { 'X-Long': 'a'.repeat(8000) } },
      expect: { status: 431, code: 'headers.too-large' },
    },
  ],
  related: ['rewrite', 'secure-headers', 'cors'],
  single: true,
  faults: ({ request, response }) => [
    ...(request ? faultsOf('request', request, requestNameFault) : []),
    ...(response ? [...faultsOf('response', response, responseNameFault), ...secretsIn(response)] : []),
  ],
  compile({ request, response }, { deny }) {
    const tooLarge = deny('too-large')
    const change = request && requestChange(request)
    const answered = response && responseChange(response)
    if (change === undefined && answered === undefined) return null
    return {
      ...(change && { request: (x: Exchange) => (change(x) ? undefined : tooLarge) }),
      ...(answered && { response: answered }),
    }
  },
})

const slotsOf = (side: Changes | undefined) =>
  side === undefined ? [] : templatesOf(side).flatMap(({ inserts }) => inserts.flatMap(({ slot, fallback }) => (slot && fallback === undefined ? [slot] : [])))
const templatesOf = ({ set, add }: Changes): readonly FieldTemplate[] => [...Object.values(set), ...Object.values(add)]

function faultsOf(side: string, { set, add, remove, rename }: Changes, nameFault: (name: string, doing: Doing) => string | undefined) {
  const faults: { code: string; message: string }[] = []
  const seen = new Map<string, string>()
  const name = (key: string, written: string, doing: Doing): void => {
    const why = nameFault(written, doing)
    const what = doing === 'remove' ? 'be removed' : doing === 'set' ? 'be set' : 'be put together'
    if (why !== undefined) faults.push({ code: 'not-yours', message: `${side}.${key}: ${written} cannot ${what}: ${why}` })
    const folded = written.toLowerCase().replaceAll('_', '-')
    const before = seen.get(folded)
    if (before !== undefined)
      faults.push({ code: 'contradiction', message: `${side}: ${written} stands under '${before}' and under '${key}': one thing is done to a field` })
    else seen.set(folded, key)
  }
  for (const [written, { constant }] of Object.entries(set)) name('set', written, constant === undefined ? 'template' : 'set')
  for (const [written, { constant }] of Object.entries(add)) name('add', written, constant === undefined ? 'template' : 'set')
  for (const written of remove) name('remove', written, 'remove')
  for (const [from, to] of Object.entries(rename)) {
    name('rename', from, 'remove')
    // What is in it comes from outside.
    name('rename', to, 'template')
  }
  return faults
}

/** What callers send as a credential is not sent back to them, nor kept by a cache on the way. */
const secretsIn = (response: Changes) =>
  templatesOf(response).flatMap(({ inserts }) =>
    inserts.flatMap(({ secret, name }) =>
      secret ? [{ code: 'secret-shown', message: `response: \${${name}} may be a credential, and would be sent back` }] : [],
    ),
  )
