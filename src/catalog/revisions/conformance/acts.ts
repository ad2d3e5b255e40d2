// What operators do in a random sequence: acts as data, small enough that they often meet on the same objects.
import fc from 'fast-check'
import { type CatalogObject, keyOf } from '../kinds.ts'
import { api, consumer, openapi } from './fixtures.ts'

export const PEOPLE = ['person_ada', 'person_bob', 'person_cleo'] as const

/** `draft`, `revision`: counted round and round through those that there are; revision 0 is none of them. `late`: with the ETag of some time before. `behind`: upon so many revisions before the last. */
export type Act =
  | { readonly act: 'open'; readonly by: string }
  | { readonly act: 'put'; readonly draft: number; readonly by: string; readonly object: CatalogObject; readonly late: boolean }
  | { readonly act: 'remove'; readonly draft: number; readonly by: string; readonly object: CatalogObject }
  | { readonly act: 'approve'; readonly draft: number; readonly by: string; readonly late: boolean }
  | { readonly act: 'demote'; readonly who: string }
  | { readonly act: 'validate' | 'discard' | 'rebase'; readonly draft: number; readonly by: string }
  | { readonly act: 'publish'; readonly draft: number; readonly late: boolean }
  | { readonly act: 'change'; readonly by: string; readonly object: CatalogObject; readonly isRemoval: boolean; readonly behind: number }
  | { readonly act: 'rollback'; readonly revision: number }
  | { readonly act: 'apply'; readonly objects: readonly CatalogObject[]; readonly prune: boolean }
  | { readonly act: 'edit'; readonly objects: readonly CatalogObject[] }
  | { readonly act: 'prune'; readonly newest: number }
  | { readonly act: 'restart' }

const name = fc.constantFrom('a', 'b', 'c')
const path = fc.constantFrom('/a', '/b', '/c', '/d')
const extras = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  fc.constant({ websocket: true }),
  fc.constantFrom({ approvals: 1 }, { approvals: 2 }),
  fc.constant({ openapi: 'document:d' }),
  fc.constant({ path: undefined }),
  fc.constant({ upstream: 'http://10.0.0.1' }),
)
const anApi = fc
  .tuple(name, path, extras)
  .map(([of, at, more]) => api(of, JSON.parse(JSON.stringify({ path: at, ...more, ...('path' in more && { path: undefined }) }))))
const aConsumer = fc.subarray(['a', 'b'], { maxLength: 1 }).map((apis) => consumer('acme', ...apis))
const aDocument = fc.constantFrom(openapi('d', '/x'), openapi('d', '/x', '/y'), openapi('d', '/y'), { ...openapi('d'), value: 'openapi: 3.1.0\n' })
const object: fc.Arbitrary<CatalogObject> = fc.oneof({ weight: 4, arbitrary: anApi }, aConsumer, aDocument)
const objects = fc.uniqueArray(object, { maxLength: 4, selector: keyOf })

const by = fc.constantFrom(...PEOPLE)
const draft = fc.nat(2)
const late = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true))
const behind = fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(5))
const of = <A extends Act>(of: A['act'], fields: { [K in Exclude<keyof A, 'act'>]: fc.Arbitrary<A[K]> }): fc.Arbitrary<A> =>
  fc.record(fields as Record<string, fc.Arbitrary<unknown>>).map((rest) => ({ act: of, ...rest }) as unknown as A)
type Of<Name extends Act['act']> = Extract<Act, { act: Name }>

export const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: of<Of<'open'>>('open', { by }) },
  { weight: 6, arbitrary: of<Of<'put'>>('put', { draft, by, object, late }) },
  { weight: 2, arbitrary: of<Of<'remove'>>('remove', { draft, by, object }) },
  { weight: 4, arbitrary: of<Of<'approve'>>('approve', { draft, by, late }) },
  { weight: 1, arbitrary: of<Of<'demote'>>('demote', { who: by }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('validate' as const, 'discard' as const, 'rebase' as const), draft, by }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('validate' as const), draft, by }) },
  { weight: 5, arbitrary: of<Of<'publish'>>('publish', { draft, late }) },
  { weight: 6, arbitrary: of<Of<'change'>>('change', { by, object, isRemoval: fc.boolean(), behind }) },
  { weight: 7, arbitrary: of<Of<'rollback'>>('rollback', { revision: fc.nat(12) }) },
  { weight: 3, arbitrary: of<Of<'apply'>>('apply', { objects, prune: fc.boolean() }) },
  { weight: 4, arbitrary: of<Of<'edit'>>('edit', { objects }) },
  { weight: 2, arbitrary: of<Of<'prune'>>('prune', { newest: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.constant<Act>({ act: 'restart' }) },
)
