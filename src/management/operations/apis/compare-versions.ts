// compareVersions: what clients of an API would run into with another version, a draft, or a document that is sent.
import { hash } from 'node:crypto'
import { boolean, checked, type Infer, integer, object, oneOf, optional, string } from '../../../base/schema.ts'
import { readInline } from '../../../catalog/reading/inline-documents.ts'
import type { SourceDocument } from '../../../catalog/reading/source-document.ts'
import { draftChanges } from '../../../catalog/revisions/drafts.ts'
import { VERSION, VERSION_MEANS, versionApi } from '../../../catalog/sections/version-name.ts'
import { compareDocuments } from '../../../compatibility/compare-documents.ts'
import { FINDINGS_TOLD_MAX, findingList, shownFinding } from '../../catalog/breaking-changes.ts'
import { reachedDraft } from '../../catalog/drafts.ts'
import { shownFaults } from '../../catalog/shapes.ts'
import { defineOperation, done, isRefused, type Refused, refused } from '../../operation.ts'
import { nameText } from '../../texts.ts'
import { draftId } from '../drafts/draft-schema.ts'
import { thisApi } from './api-reach.ts'

const TEXT_MAX = 4 * 1024 ** 2
const version = (describe: string) => string({ pattern: VERSION, maxLength: 32, means: VERSION_MEANS, describe })
const body = checked(
  object({
    version: optional(version('The version that clients use; left out for an API without versions.')),
    to: optional(version('The version that they would use.')),
    draft: optional(draftId),
    openapi: optional(string({ maxLength: TEXT_MAX, describe: 'An OpenAPI document as text.' })),
    ignoreServers: optional(boolean('The paths of `servers` are not compared: for a version that is reached elsewhere.'), false),
  }),
  ({ to, draft, openapi }) =>
    [to, draft, openapi].filter((each) => each !== undefined).length === 1
      ? undefined
      : { code: 'bad-value', message: "one of 'to', 'draft' and 'openapi' says what to compare with" },
)

const comparisonSchema = object({
  verdict: oneOf(['none', 'compatible', 'risky', 'breaking'], 'The worst of the findings.'),
  operationsCompared: integer({ min: 0, max: 1_000_000, describe: 'Operations that both documents have.' }),
  findings: findingList,
})

export const compareVersions = defineOperation({
  name: 'compareVersions',
  resource: 'apis',
  method: 'POST',
  path: '/apis/{api}/comparison',
  summary: 'Compares the OpenAPI document that an API or version is served by with that of another version, of a draft, or one that is sent. Changes nothing.',
  permission: 'apis:read',
  reach: thisApi,
  parameters: object({ api: nameText('The API.') }),
  body,
  bodyBytesMax: 2 * TEXT_MAX,
  status: 200,
  output: comparisonSchema,
  refusals: {
    'no-document': { status: 409, says: 'There is no OpenAPI document to compare.', mend: 'Give each side a document: an API without one promises nothing.' },
    unreadable: { status: 422, says: 'The text is no document.', mend: '`errors` lists every fault with its line.' },
  },
  async prepare(call) {
    const { parameters, plane, operator, nowMs } = call
    const { catalog, resolving } = plane.services
    const { version: from, to, draft, openapi, ignoreServers } = call.body
    const nameOf = (name: string | undefined): string => (name === undefined ? parameters.api : versionApi(parameters.api, name))
    for (const name of [from, to]) if (name !== undefined && !catalog.configuration.versions.some(({ api }) => api === nameOf(name))) return refused('unknown')
    let digest = ''
    if (draft !== undefined) {
      const reached = await plane.store.read((reading) => reachedDraft(call, reading, draft, 'read'))
      if (isRefused(reached)) return reached
      digest = reached.draft.digest
    }
    return resolving.ask<Infer<typeof comparisonSchema> | Refused>(operator, {
      key: `comparison/${JSON.stringify([nameOf(from), to, draft, digest, openapi && hash('sha256', openapi), ignoreServers])}`,
      async answer() {
        const old = catalog.documents().get(nameOf(from))
        let now: SourceDocument | undefined
        if (openapi !== undefined) now = readInline('openapi', openapi)
        else if (to !== undefined) now = catalog.documents().get(nameOf(to))
        else if (draft !== undefined) now = catalog.documents(await plane.store.read((reading) => draftChanges(reading, draft))).get(nameOf(from))
        if (now && now.faults.length > 0) return refused('unreadable', { more: { errors: shownFaults(now.faults) } })
        if (!old || !now) return refused('no-document')
        const { verdict, operationsCompared, findings } = compareDocuments(old.value, now.value, { nowMs, ignoreServers })
        return { verdict, operationsCompared, findings: findings.slice(0, FINDINGS_TOLD_MAX).map(shownFinding) }
      },
    })
  },
  run: async (_call, _store, comparison) => done(comparison),
})
