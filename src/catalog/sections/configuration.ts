// The whole of gatehouse.yaml as one schema, and that of the files it includes.
import { checked, described, type Infer, list, object, oneOf, optional, reserved, type Schema, string, withDefault } from '../../base/schema.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import { apisSchema } from './api-schema.ts'
import { consumers } from './consumer-schema.ts'
import { documents } from './document-schema.ts'
import { envelopeSettings } from './envelope-settings.ts'
import { gatewaySettings } from './gateway-settings.ts'
import { controlSettings } from './listener.ts'
import { network } from './network-schema.ts'
import { operatorSettings } from './operator-settings.ts'
import { patches } from './patch-schema.ts'
import { policyFiles } from './policy-files-schema.ts'
import { securityTxt } from './security-txt.ts'
import { sharedSections } from './shared-schema.ts'
import { store } from './store-schema.ts'
import { versionsSchema } from './version-schema.ts'

const later = (what: string) => reserved('not-available', `is not available yet: ${what} with a later version`)
const mainOnly = reserved('main-file-only', 'stands only in the main file: an included file holds apis, versions, consumers and what they share')

const includePattern = checked(string({ maxLength: 512, describe: 'A file, or a pattern with `*`, below the folder of this file.' }), (text) =>
  text === '' || text.startsWith('/') || /[\\\0]|^[A-Za-z]:|(?:^|\/)\.\.(?:\/|$)/.test(text)
    ? { code: 'include-outside', message: "an included file stands in this file's folder or below it: write a relative path without '..'" }
    : undefined,
)

const counters: Schema<string> = checked(
  string({ maxLength: 4096, means: 'memory', describe: 'Where limits count: `memory`, exact across the threads of this process.' }),
  (text) => {
    // Not repeated: the address of a Redis may hold its password.
    if (/^(?:rediss?|valkeys?):/.test(text))
      return { code: 'not-available', message: 'counters in Redis or Valkey are not available yet: they come with a later version; use memory' }
    return text === 'memory' ? undefined : { code: 'bad-counters', message: "'counters' must be memory" }
  },
)

const version = described('The form of this file.', oneOf([1]))

/** gatehouse.yaml under these policies. */
export function configurationSchema(policies: readonly AnyPolicy[]) {
  return object(
    {
      gatehouse: version,
      include: optional(
        list(includePattern, {
          max: 100,
          describe: 'Further files with `apis`, `versions`, `patches`, `consumers` and what they share, below the folder of this file.',
        }),
        [],
      ),
      gateway: withDefault(gatewaySettings, {}),
      control: withDefault(controlSettings, {}),
      store: withDefault(
        described('Where what is not in this file is kept: `sqlite:PATH`, relative to this file, or a PostgreSQL.', store),
        'sqlite:./data/gatehouse.db',
      ),
      counters: withDefault(counters, 'memory'),
      policyFiles: optional(policyFiles, []),
      egress: withDefault(
        object(
          { allowPrivate: optional(list(network('A private network.'), { describe: 'Private networks that outbound fetches may reach.' }), []) },
          'What this gateway may fetch by itself.',
        ),
        {},
      ),
      envelope: optional(envelopeSettings),
      apis: optional(apisSchema(policies)),
      versions: optional(versionsSchema(policies), {}),
      consumers: optional(consumers, {}),
      patches: optional(patches, {}),
      securityTxt: optional(securityTxt),
      ...sharedSections(policies),
      settings: withDefault(operatorSettings, {}),
      documents: optional(documents, {}),
      portal: later('the developer portal comes'),
      authority: later('the authorization server comes'),
      tls: later('TLS comes'),
      ca: reserved('not-available', 'stands in no file: gatehouse ca init makes a certificate authority in a running Gatehouse'),
      people: later('people who sign in come'),
      outputs: later('further outputs of the log come'),
      alerts: later('alerts come'),
    },
    'The configuration of Gatehouse.',
  )
}
export type MainSection = Infer<ReturnType<typeof configurationSchema>>

/** A file named by `include`. */
export function includedSchema(policies: readonly AnyPolicy[]) {
  return object(
    {
      gatehouse: optional(version),
      apis: optional(apisSchema(policies)),
      versions: optional(versionsSchema(policies), {}),
      consumers: optional(consumers, {}),
      patches: optional(patches, {}),
      securityTxt: mainOnly,
      ...sharedSections(policies),
      documents: optional(documents, {}),
      include: mainOnly,
      gateway: mainOnly,
      control: mainOnly,
      store: mainOnly,
      counters: mainOnly,
      policyFiles: mainOnly,
      egress: mainOnly,
      envelope: mainOnly,
      settings: mainOnly,
    },
    'A part of the configuration.',
  )
}
