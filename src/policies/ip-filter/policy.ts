// ip-filter: lets addresses in or keeps them out by network.
import { type Cidr, isListName, NetworkSet, parseCidr } from '../../base/ip.ts'
import { checked, type Infer, list, mapped, object, optional, string } from '../../base/schema.ts'
import { definePolicy, type ListName } from '../../pipeline/contract.ts'
import type { CallerAddress } from '../../pipeline/exchange.ts'

const MEANS = 'an address or a network such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32, with no bits set beyond its prefix, or the name of an address list'
const network = mapped(
  checked(string({ maxLength: 64, means: MEANS }), (text) =>
    parseCidr(text) === undefined && !isListName(text) ? { code: 'bad-network', message: `'${text}' must be ${MEANS}` } : undefined,
  ),
  (text): Cidr | string => parseCidr(text) ?? text,
)

const config = object({
  allow: optional(
    list(network, { min: 1, max: 100_000, describe: 'Only these networks and `addressLists` may call. Left out: every network that is not denied.' }),
  ),
  deny: optional(list(network, { min: 1, max: 100_000, describe: 'These networks and `addressLists` may not call, even if they are allowed.' })),
})

/** What is written out is one set; lists are sets of their own, which all policies of the API share. */
function anyOf(entries: readonly (Cidr | string)[], addressList: (name: string) => NetworkSet): { has(octets: Uint8Array): boolean } {
  const own = new NetworkSet(entries.filter((entry) => typeof entry !== 'string'))
  const lists = entries.filter((entry) => typeof entry === 'string').map(addressList)
  return lists.length === 0 ? own : { has: (octets) => own.has(octets) || lists.some((list) => list.has(octets)) }
}

export const ipFilter = definePolicy<Infer<typeof config>, never, 'denied'>({
  name: 'ip-filter',
  stage: 'admit',
  summary: 'Lets addresses in or keeps them out by network.',
  when: 'When an API is for known networks only, or when some networks have no business with it. An address is no identity: use it beside an identify policy, never in place of one.',
  config,
  uses: [],
  denials: {
    denied: {
      status: 403,
      says: 'Requests from your address are not accepted.',
      ref: 'OWASP API8:2023',
      mend: 'Call from a network that is allowed. Behind a proxy, the operator must list it in `gateway.trustedProxies` for your own address to be seen.',
    },
  },
  examples: [
    {
      title: 'A denied network is refused',
      config: { deny: ['203.0.113.0/24'] },
      send: { address: '203.0.113.9' },
      expect: { status: 403, code: 'ip-filter.denied' },
    },
    { title: 'Any other network may call', config: { deny: ['203.0.113.0/24'] }, send: { address: '198.51.100.1' }, expect: { status: 200 } },
    {
      title: 'With an allow list, the rest is refused',
      config: { allow: ['2001:db8::/32'] },
      send: { address: '192.0.2.1' },
      expect: { status: 403, code: 'ip-filter.denied' },
    },
  ],
  related: ['rate-limit', 'api-key'],
  faults({ allow, deny }) {
    return allow || deny ? [] : [{ code: 'empty', message: "ip-filter needs 'allow' or 'deny': without either it filters nothing" }]
  },
  addressLists({ allow, deny }) {
    const names = (key: string, entries: readonly (Cidr | string)[] = []): ListName[] =>
      entries.flatMap((entry, i) => (typeof entry === 'string' ? [{ name: entry, path: [key, i] }] : []))
    return [...names('allow', allow), ...names('deny', deny)]
  },
  compile({ allow, deny }, { deny: refuse, addressList }) {
    const denied = refuse('denied')
    const allowed = allow && anyOf(allow, addressList)
    const unwanted = deny && anyOf(deny, addressList)
    const isWanted = ({ octets }: CallerAddress): boolean => !unwanted?.has(octets) && (allowed === undefined || allowed.has(octets))
    return {
      request: ({ address }) => (isWanted(address) ? undefined : denied),
      still: ({ address }) => isWanted(address),
    }
  },
})
