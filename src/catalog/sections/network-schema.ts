// Networks as a configuration has them, written out or by the name of an address list.
import { isListName, parseCidr } from '../../base/ip.ts'
import { isTooWide } from '../../base/network-range.ts'
import { checked, type Schema, string } from '../../base/schema.ts'

/** Names that stand where an address or a network could are never to be taken for one. */
export const LIST_NAME_MEANS = 'letters, digits, ".", "_" and "-", at most 64, beginning with a letter and ending with a letter or digit'

/** A network in CIDR form, or one address. */
export const network = (describe: string): Schema<string> =>
  checked(string({ maxLength: 64, means: 'a network such as 10.0.0.0/8 or 2001:db8::/32', describe }), (text) =>
    parseCidr(text)
      ? undefined
      : { code: 'bad-network', message: `'${text}' is no network: write 10.0.0.0/8, 2001:db8::/32 or one address, with no bits set beyond the prefix` },
  )

/** Who may say where a request came from: everyone would mean no address can be believed, in filters, limits and bans alike. */
export const trustFault = (text: string): { code: string; message: string } | undefined =>
  isTooWide(parseCidr(text)!)
    ? { code: 'trusts-everyone', message: `'${text}' would let nearly anyone claim any address: name the networks of your own proxies` }
    : undefined

const written = network('')
/** A network of proxies, or the name of an address list, whose networks are looked at when it is looked up. */
export const trustedNetwork: Schema<string> = checked(
  {
    json: { ...written.json, description: 'Peers whose `Forwarded` and `X-Forwarded-For` are believed: a network, or the name of an address list.' },
    fits: written.fits,
    read: (value, path, faults) => (typeof value === 'string' && isListName(value) ? value : written.read(value, path, faults)),
  },
  (text) => (isListName(text) ? undefined : trustFault(text)),
)
