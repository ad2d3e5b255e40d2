// Writes what is read off the declarations: gatehouse.schema.json, docs/reference and docs/errors. `--check` writes nothing and fails when they are stale.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { argv, exit } from 'node:process'
import { fileURLToPath } from 'node:url'
import { configurationJsonSchema } from '../src/catalog/sections/json-schema.ts'
import { clientSources } from '../src/management/client-source.ts'
import { openapiDocument } from '../src/management/openapi.ts'
import { operations } from '../src/management/operations/index.ts'
import { policies } from '../src/policies/index.ts'
import { configurationPage } from './docs/configuration-page.ts'
import { errorPages } from './docs/error-pages.ts'
import { faultsPage } from './docs/faults-page.ts'
import { managementPage } from './docs/management-page.ts'
import { policyPage } from './docs/policy-page.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
/** Everything in these folders is generated: what nobody declares any more goes away. */
const OWNED = ['docs/reference/**/*.md', 'docs/errors/**/*.md', 'src/client/generated/*.ts']

const pages = new Map<string, string>()
pages.set('gatehouse.schema.json', `${JSON.stringify(configurationJsonSchema(policies), null, 2)}\n`)
pages.set('docs/reference/configuration.md', configurationPage(policies))
pages.set('docs/reference/faults.md', faultsPage())
for (const policy of policies) pages.set(`docs/reference/policies/${policy.name}.md`, policyPage(policy))
pages.set('docs/reference/management.md', managementPage(operations))
pages.set('docs/reference/management.openapi.json', `${JSON.stringify(openapiDocument(operations, version), null, 2)}\n`)
for (const [name, text] of clientSources(operations)) pages.set(`src/client/generated/${name}`, text)
for (const [code, page] of errorPages(policies, operations)) pages.set(`docs/errors/${code}.md`, page)

const stale = [...pages].filter(([name, text]) => !existsSync(join(root, name)) || readFileSync(join(root, name), 'utf8') !== text).map(([name]) => name)
const orphans = globSync(OWNED, { cwd: root })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => !pages.has(name))

if (argv.includes('--check')) {
  for (const name of stale) console.error(`docs: ${name} is stale`)
  for (const name of orphans) console.error(`docs: ${name} belongs to nothing that is declared`)
  if (stale.length + orphans.length > 0) {
    console.error('docs: run `npm run docs`')
    exit(1)
  }
  console.log(`docs: ${pages.size} generated files are as they should be`)
} else {
  for (const name of stale) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), pages.get(name)!)
  }
  for (const name of orphans) rmSync(join(root, name))
  console.log(`docs: ${stale.length} written, ${orphans.length} removed, ${pages.size - stale.length} unchanged`)
}
