// The `envelope` section: where the key comes from that seals the secrets in the store.
import { isAbsolute } from 'node:path'
import { checked, list, object, optional, string } from '../../base/schema.ts'
import { type ConfiguredKeySource, ENVELOPE_KEY_VARIABLE } from '../../secrets/key-source.ts'
import type { MainSection } from './configuration.ts'

const sources = object(
  {
    file: optional(string({ maxLength: 4096, describe: 'A file with the key, read and written by its owner alone; relative to this file.' })),
    env: optional(
      string({
        maxLength: 128,
        pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
        means: 'the name of an environment variable',
        describe: 'An environment variable with the key; it is taken out of the environment.',
      }),
    ),
    command: optional(
      list(string({ maxLength: 4096 }), { min: 1, max: 64, describe: 'A program, by its absolute path, that prints the key, and its arguments. No shell.' }),
    ),
  },
  'The key that seals secrets in the store: 32 random octets as base64url, base64 or hex. Without this section: GATEHOUSE_ENVELOPE_KEY if it is set, else the file `envelope.key` beside the store, made at the first start.',
)

export const envelopeSettings = checked(sources, ({ file, env, command }) => {
  if ([file, env, command].filter((each) => each !== undefined).length !== 1)
    return { code: 'bad-envelope', message: 'the envelope key comes from one of {file: PATH}, {env: NAME}, {command: [PROGRAM, ARGUMENT, ...]}' }
  if (file === '') return { code: 'bad-envelope', message: 'the file of the envelope key has no name', at: ['file'] }
  if (env?.startsWith('GATEHOUSE_') && env !== ENVELOPE_KEY_VARIABLE)
    return { code: 'bad-envelope', message: `of the variables of Gatehouse only ${ENVELOPE_KEY_VARIABLE} holds this key`, at: ['env'] }
  // A program looked for in PATH is whichever somebody put there first.
  if (command && !isAbsolute(command[0]!))
    return { code: 'bad-envelope', message: 'the program that gives the envelope key is named by its absolute path', at: ['command', 0] }
  if ([...(command ?? []), file].some((word) => word?.includes('\0')))
    return { code: 'bad-envelope', message: 'a NUL stands in the source of the envelope key' }
  return undefined
})

/** Undefined when the configuration says nothing of it. `fileBeside` makes a path of the configuration absolute; commands run in `folder`. */
export function keySourceOf(section: MainSection['envelope'], folder: string, fileBeside: (path: string) => string): ConfiguredKeySource | undefined {
  if (section?.file !== undefined) return { file: fileBeside(section.file) }
  if (section?.env !== undefined) return { env: section.env }
  return section?.command && { command: section.command, folder }
}
