// Where the store is: a file, or a PostgreSQL whose password is never written in the configuration.

import { checked, either, mapped, object, optional, type Schema, string } from '../../base/schema.ts'
import { type SecretReference, secret } from '../../base/secret-reference.ts'

/** The `store` key. Paths are as written. */
export type StoreSection =
  | { readonly kind: 'sqlite'; readonly path: string }
  | (PostgresPlace & { readonly kind: 'postgres'; readonly password?: SecretReference; readonly ca?: string })
interface PostgresPlace {
  /** A name, an IP address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  /** With TLS the server's certificate is always verified, its name too. */
  readonly tls: boolean
}
type Fault = { readonly code: 'bad-store' | 'store-password'; readonly message: string }

const FORM = 'postgres://USER@HOST:PORT/DATABASE'
// No message repeats what was written: whatever has not this form may hold a password.
const URL_FORM =
  /^postgres(?:ql)?:\/\/(?<user>[^:@/?#]+)(?<password>:[^@/?#]*)?@(?<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{0,253})(?::(?<port>\d{1,5}))?\/(?<database>[^:@/?#]+)(?:\?(?<query>[^#]*))?$/
const PASSWORD_FORM = /^postgres(?:ql)?:\/\/[^@/]*:.*@|[?&]password=/i

function parsePlace(written: string): PostgresPlace | Fault {
  const password = { code: 'store-password', message: `a password never stands here: write {postgres: {url: ${FORM}, password: {env: NAME}}}` } as const
  const bad = (message: string): Fault => ({ code: 'bad-store', message })
  const parts = URL_FORM.exec(written)?.groups
  if (!parts) return PASSWORD_FORM.test(written) ? password : bad(`the store is sqlite: and a path, or ${FORM}`)
  if (parts['password'] !== undefined) return password
  const user = decoded(parts['user']!)
  const database = decoded(parts['database']!)
  const port = Number(parts['port'] ?? 5432)
  if (user === undefined || database === undefined || port < 1 || port > 65535) return bad(`the store is sqlite: and a path, or ${FORM}`)
  let folder: string | undefined
  let mode: string | undefined
  for (const [name, value] of new URLSearchParams(parts['query'])) {
    if (name === 'password') return password
    if (name === 'host' && parts['host'] === '' && value.startsWith('/') && folder === undefined) folder = value
    else if (name === 'sslmode' && mode === undefined) mode = value
    else return bad('after ? stand only sslmode, and for a Unix socket host and its folder, each once')
  }
  // libpq's other modes speak to whoever answers, or check the certificate and not the name in it (PostgreSQL, 34.19.1).
  if (mode !== undefined && mode !== 'disable' && mode !== 'verify-full') return bad('sslmode is verify-full or disable: the others do not check who answers')
  const host = folder ?? parts['host']!.replace(/^\[|\]$/g, '')
  if (host === '') return bad('the host is missing: write its name, its address, or ?host= and the folder of a Unix socket')
  if (folder !== undefined && mode === 'verify-full') return bad('a Unix socket speaks no TLS')
  const isHere = folder !== undefined || /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host)
  return { host, port, user, database, tls: mode === undefined ? !isHere : mode === 'verify-full' }
}

function decoded(text: string): string | undefined {
  try {
    const plain = decodeURIComponent(text)
    return /^[^\x00-\x1f\x7f]{1,63}$/.test(plain) ? plain : undefined
  } catch {
    return undefined
  }
}
const placeFault = (written: string): Fault | undefined => {
  const place = parsePlace(written)
  return 'code' in place ? place : undefined
}
const placeOf = (written: string): PostgresPlace => parsePlace(written) as PostgresPlace

const text: Schema<StoreSection> = mapped(
  checked(string({ maxLength: 4096, means: `sqlite: and a path, or ${FORM}`, describe: 'A file, or a server that asks for no password.' }), (written) => {
    if (/^postgres(?:ql)?:/i.test(written)) return placeFault(written)
    return /^sqlite:[^\0?#]+$/.test(written)
      ? undefined
      : { code: 'bad-store', message: `the store is sqlite: and a path, as sqlite:./data/gatehouse.db, or ${FORM}` }
  }),
  (written): StoreSection =>
    written.startsWith('sqlite:') ? { kind: 'sqlite', path: written.slice('sqlite:'.length) } : { kind: 'postgres', ...placeOf(written) },
)

const postgres = object(
  {
    url: checked(
      string({ maxLength: 4096, describe: `\`${FORM}\`, with \`?sslmode=verify-full\` or \`disable\`; verified TLS unless the host is this machine.` }),
      placeFault,
    ),
    password: optional(
      checked(secret('Where the password is kept: `{env: NAME}` or `{file: PATH}`.'), (reference) =>
        'secret' in reference
          ? { code: 'bad-secret', message: "the store's own password cannot be kept in the store: refer to it by {env: NAME} or {file: PATH}" }
          : undefined,
      ),
    ),
    ca: optional(
      string({ describe: "PEM file of the certificates that the server's is verified against, relative to this file; absent: those of the system." }),
    ),
  },
  'A PostgreSQL server, which several nodes can share.',
)

/** What the key `store` takes. */
export const store: Schema<StoreSection> = {
  ...either(
    [
      text,
      mapped(
        checked(object({ postgres }), ({ postgres: { url, ca } }) =>
          ca !== undefined && !placeOf(url).tls && /[?&](?:sslmode=disable|host=)/.test(url)
            ? { code: 'bad-store', message: "'ca' verifies nothing without TLS", at: ['postgres', 'ca'] }
            : undefined,
        ),
        ({ postgres: { url, password, ca } }): StoreSection => ({
          kind: 'postgres',
          ...placeOf(url),
          ...(password !== undefined && { password }),
          ...(ca !== undefined && { ca, tls: true }),
        }),
      ),
    ],
    `sqlite: and a path, ${FORM}, or {postgres: {url: ${FORM}}}`,
  ),
}
