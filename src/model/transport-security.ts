// Strict-Transport-Security (RFC 6797) as it is configured, on a listener and on an API, and as it is said.
import { boolean, checked, duration, either, type Infer, object, oneOf, optional, type Schema, withDefault } from '../base/schema.ts'

const YEAR_MS = 365 * 86_400_000

const settings = object({
  maxAge: withDefault(
    duration({
      minMs: 0,
      maxMs: 10 * YEAR_MS,
      describe: 'For how long a browser comes by https alone, counted anew with every answer. `0s` takes back what was said before (RFC 6797 6.1.1).',
    }),
    '365d',
  ),
  includeSubDomains: optional(boolean('It holds for all names below this one as well, whoever serves them.'), false),
  preload: optional(
    boolean('The owner agrees that browsers ship with the name in their list. It takes `includeSubDomains` and a year, and is hard to take back.'),
    false,
  ),
})
export type TransportSecurity = Infer<typeof settings>

/** What is said where nobody chose: a year, as OWASP has it, and nothing about names that others may serve. */
export const USUAL_TRANSPORT_SECURITY: TransportSecurity = { maxAge: YEAR_MS, includeSubDomains: false, preload: false }

/** An object, or `false` for nothing. */
export const transportSecurity = (describe: string): Schema<TransportSecurity | false> => {
  const schema = either([checked(settings, preloadFault), oneOf([false])], 'an object such as {maxAge: 365d, includeSubDomains: true}, or false')
  return { ...schema, json: { ...schema.json, description: describe } }
}

/** The lists of browsers take a name only so, and one that is said and not taken is a promise nobody keeps (https://hstspreload.org). */
function preloadFault({ maxAge, includeSubDomains, preload }: TransportSecurity): { code: string; message: string; at: readonly string[] } | undefined {
  if (!preload || (includeSubDomains && maxAge >= YEAR_MS)) return undefined
  return {
    code: 'contradiction',
    message: "'preload' takes includeSubDomains: true and a maxAge of 365d or more: no browser's list takes less",
    at: ['preload'],
  }
}

/** The field's value (RFC 6797 6.1). */
export const transportSecurityValue = ({ maxAge, includeSubDomains, preload }: TransportSecurity): string =>
  `max-age=${Math.floor(maxAge / 1000)}${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
