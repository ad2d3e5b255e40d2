// What APIs, consumers and teams may be called.

/** Names stand in metrics, logs and fields. */
export const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/
export const NAME_MEANS = 'letters, digits, ".", "_" and "-", at most 64, beginning and ending with a letter or digit'

/** The API that an API of the snapshot belongs to: `bookshop` of `bookshop@v1` and of `bookshop~canary`. No name holds either sign. */
export const apiOf = (name: string): string => name.split(/[@~]/, 1)[0]!
