// The `policyFiles` section: files of policies that operators wrote, and where each of them may fetch from.
import { checked, either, type Infer, list, object, optional, type Schema, string } from '../../base/schema.ts'

/** A policy is compiled for every API that has it, on every thread: more files than this are no gateway but a program. */
export const POLICY_FILES_MAX = 32

const path = checked(string({ maxLength: 4096, describe: 'A file of TypeScript or JavaScript that exports a policy; relative to this file.' }), (text) => {
  if (/[\0\r\n]/.test(text)) return { code: 'bad-value', message: 'the path of a policy is one line' }
  return /\.(?:ts|mts|js|mjs)$/.test(text) ? undefined : { code: 'bad-value', message: 'the file of a policy ends in .ts, .mts, .js or .mjs' }
})

/** Scheme, host and perhaps port, as the URL standard writes an origin. */
const origin: Schema<string> = checked(string({ maxLength: 300, describe: 'An origin, such as https://stock.example.' }), (text) => {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.origin === text
    ? undefined
    : {
        code: 'bad-origin',
        message: 'where a policy may fetch from is an origin such as https://stock.example: scheme, host and perhaps port, nothing after it',
      }
})

const detailed = object({
  file: path,
  fetch: optional(
    list(origin, {
      max: 32,
      describe: 'The origins that `fetch` of this policy reaches; none without it. Private networks need `egress.allowPrivate` as well.',
    }),
    [],
  ),
})

export const policyFiles = list(either([path, detailed], 'the path of a file, or {file: PATH, fetch: [ORIGIN, ...]}'), {
  max: POLICY_FILES_MAX,
  describe: 'Policies that you wrote yourself. They hold the full rights of this process, and load from these files alone.',
})
export type PolicyFilesSection = Infer<typeof policyFiles>
