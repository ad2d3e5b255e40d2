// What an operator writes about one direction, read and compiled: operations, template, bounds.
import { boolean, checked, either, type Infer, integer, list, object, oneOf, optional, record, size, string, withDefault } from '../../base/schema.ts'
import { KEPT_MAX, type Mask } from '../../json/json-mask.ts'
import { type JsonPath, readPath } from '../../json/json-path.ts'
import type { JsonBounds } from '../../json/json-reader.ts'
import { compileShape, type ShapePlan } from '../../json/json-shape.ts'
import { compileTemplate, type TemplatePlan } from '../../json/json-template.ts'
import { jsonConstant } from './json-constant.ts'

const PATHS_MAX = 200
const TYPE = /^[!#$%&'*+\-.^_`|~0-9a-z]{1,100}\/[!#$%&'*+\-.^_`|~0-9a-z]{1,100}$/
const PATH_KEY = /^\$.{1,999}$/

const path = checked(string({ maxLength: 1000, means: 'a path such as $.items[*].card.number' }), (text) => {
  const read = readPath(text)
  return typeof read === 'string' ? { code: 'bad-value', message: `'${text}' is no path: ${read}` } : undefined
})
const paths = (describe: string) => optional(list(path, { min: 1, max: PATHS_MAX, describe }))

const kept = (describe: string) => optional(integer({ min: 0, max: KEPT_MAX, describe }), 0)
const maskedPath = object({
  path,
  first: kept('How many characters at the beginning stay.'),
  last: kept('How many characters at the end stay.'),
  with: withDefault(string({ maxLength: 100, means: 'text', describe: 'What stands for all others, however many they are.' }), '****'),
})

/** The keys of one direction. */
export const direction = (describe: string) =>
  object(
    {
      pick: paths('Only what these paths lead to stays, with the objects and lists on the way there.'),
      drop: paths('What these paths lead to goes.'),
      rename: optional(
        record(string({ maxLength: 500, means: 'the new name' }), {
          key: PATH_KEY,
          keyMeans: 'a path such as $.customer.no',
          max: PATHS_MAX,
          describe: 'By path: the new name of the member.',
        }),
      ),
      mask: optional(
        list(either([path, maskedPath], 'a path, or an object such as {path: $.card.number, last: 4}'), {
          min: 1,
          max: PATHS_MAX,
          describe:
            'Strings, numbers, booleans, and objects and lists as a whole become text. What is shorter than twice what stays is masked whole. null stays.',
        }),
      ),
      set: optional(
        record(jsonConstant, {
          key: PATH_KEY,
          keyMeans: 'a path such as $.tenant',
          max: PATHS_MAX,
          describe: 'By path: a constant in place of the value. Where the path ends in a plain name, the member is added to objects that lack it.',
        }),
      ),
      template: optional({
        ...jsonConstant,
        json: {
          description: 'A new document in place of the other one. A text that begins with `$` is a path into it, after all other changes; `$$` stands for `$`.',
        },
      }),
      buffer: withDefault(
        size({
          minBytes: 1024,
          maxBytes: 16 * 1024 ** 2,
          describe: 'The most that a template collects, and the longest document it makes. What is above is refused.',
        }),
        '1MiB',
      ),
      ignoreCase: optional(boolean('Names match whatever their case, for services that read them so.'), false),
      types: optional(
        list(string({ pattern: TYPE, means: 'a media type such as application/json, in lower case' }), {
          min: 1,
          max: 50,
          describe: 'The media types that are changed. Left out: application/json and all that end in +json.',
        }),
      ),
      others: optional(
        oneOf(
          ['refuse', 'pass'],
          'What becomes of bodies of another media type. Those without one, and those that are JSON under another name, are refused in either case.',
        ),
        'refuse',
      ),
      limits: withDefault(
        object(
          {
            depth: optional(integer({ min: 1, max: 1000, describe: 'Objects and lists within one another.' }), 64),
            name: withDefault(size({ minBytes: 16, maxBytes: 64 * 1024, describe: 'The longest name of a member.' }), '1KiB'),
            string: withDefault(size({ minBytes: 16, maxBytes: 1024 ** 3, describe: 'The longest string, as it is written.' }), '16MiB'),
            number: withDefault(size({ minBytes: 8, maxBytes: 4096, describe: 'The longest number, as it is written.' }), '256B'),
          },
          'What a document may hold; what is above is refused.',
        ),
        {},
      ),
    },
    describe,
  )
export type Direction = Infer<ReturnType<typeof direction>>

/** One direction, compiled. */
export interface BodyPlan {
  readonly shape: ShapePlan | undefined
  readonly template: TemplatePlan | undefined
  readonly bounds: JsonBounds
  readonly bufferBytes: number
  readonly types: ReadonlySet<string> | undefined
  readonly passesOthers: boolean
}

/** A text says what is wrong. */
export function compileDirection(given: Direction): BodyPlan | string {
  const { pick, drop, rename = {}, mask = [], set = {}, template, ignoreCase, limits } = given
  const wrongKey = [...Object.keys(rename), ...Object.keys(set)].map((key) => [key, readPath(key)] as const).find(([, read]) => typeof read === 'string')
  if (wrongKey) return `'${wrongKey[0]}' is no path: ${wrongKey[1]}`
  const hasShape = pick !== undefined || drop !== undefined || mask.length > 0 || Object.keys(rename).length > 0 || Object.keys(set).length > 0
  if (!hasShape && template === undefined) return "it changes nothing: it needs one of 'pick', 'drop', 'rename', 'mask', 'set' and 'template'"
  const shape = hasShape
    ? compileShape({
        ...(pick && { pick: pick.map(pathOf) }),
        drop: (drop ?? []).map(pathOf),
        rename: Object.entries(rename).map(([from, to]) => ({ path: pathOf(from), to })),
        mask: mask.map((each) => (typeof each === 'string' ? { path: pathOf(each), mask: HIDDEN } : { path: pathOf(each.path), mask: maskOf(each) })),
        set: Object.entries(set).map(([to, value]) => ({ path: pathOf(to), value })),
        ignoreCase,
      })
    : undefined
  if (typeof shape === 'string') return shape
  const compiled = template === undefined ? undefined : compileTemplate(template, ignoreCase)
  if (typeof compiled === 'string') return `the template: ${compiled}`
  return {
    shape,
    template: compiled,
    bounds: { depth: limits.depth, nameBytes: limits.name, stringBytes: limits.string, numberBytes: limits.number },
    bufferBytes: given.buffer,
    types: given.types && new Set(given.types),
    passesOthers: given.others === 'pass',
  }
}

const pathOf = (text: string): JsonPath => readPath(text) as JsonPath
const maskOf = ({ first, last, with: stars }: { first: number; last: number; with: string }): Mask => ({
  first,
  last,
  stars: Buffer.from(JSON.stringify(stars).slice(1, -1)),
})
const HIDDEN = maskOf({ first: 0, last: 0, with: '****' })
