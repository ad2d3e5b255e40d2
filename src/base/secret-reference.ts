// Secrets in a configuration: written as a reference to where the secret is kept, never as the secret.
import { checked, either, object, type Schema, string } from './schema.ts'

/** Where a secret is kept: an environment variable, a file, or a name in the store. */
export type SecretReference = { readonly env: string } | { readonly file: string } | { readonly secret: string }

/** The name of an environment variable, or of a secret in the store. */
export const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/
const references = object({
  env: { ...string({ pattern: SECRET_NAME, means: 'the name of an environment variable' }), optional: true as const },
  file: { ...string({ maxLength: 4096 }), optional: true as const },
  secret: { ...string({ pattern: SECRET_NAME, means: 'the name of a secret in the store' }), optional: true as const },
})

const exactlyOne = checked(references, (value) =>
  Object.keys(value).length === 1 ? undefined : { code: 'bad-secret', message: 'a secret is one of {env: NAME}, {file: PATH}, {secret: NAME}' },
)

const neverPlain: Schema<never> = {
  json: { not: {} },
  fits: (value) => typeof value === 'string',
  // The message must not repeat the value: it is most likely the secret.
  read(_value, path, faults) {
    faults.push({ code: 'plain-secret', path, message: 'a secret is never written here: refer to it by {env: NAME}, {file: PATH} or {secret: NAME}' })
    return undefined as never
  },
}

/** A reference to a secret. What it refers to is looked up later, and only in objects that the file owns. */
export function secret(describe?: string): Schema<SecretReference> {
  const schema = either([exactlyOne as Schema<SecretReference>, neverPlain], 'a reference to a secret')
  return { ...schema, json: { ...references.json, minProperties: 1, maxProperties: 1, ...(describe && { description: describe }) } }
}
