// Names of versions, and of a version's API: `bookshop@v1`.

/** Stands in paths, fields, queries and media types: characters that none of them has to encode. */
export const VERSION = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9])?$/
export const VERSION_MEANS = 'letters, digits, ".", "_" and "-", at most 32, beginning and ending with a letter or digit'

/** No name of an API holds "@": a version's never clashes with one. */
export const versionApi = (api: string, version: string): string => `${api}@${version}`
