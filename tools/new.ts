// Makes the next leaf from its template: `npm run new policy NAME` writes src/policies/NAME and lists it in the catalogue. What it writes passes every check.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const templates = fileURLToPath(new URL('./templates/', import.meta.url))
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/** What could not be done, in a sentence for the person at the terminal. */
class CannotMake extends Error {}

const camelCase = (name: string): string => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())

/** Writes the policy's folder under `root` and lists it last: within its stage it runs after those that were there. Answers the paths written. */
function makePolicy(root: string, name: string): string[] {
  if (!NAME.test(name) || name.length > 40) throw new CannotMake(`'${name}' is no name for a policy: lower-case words joined by hyphens, 40 characters at most`)
  const folder = join('src/policies', name)
  if (existsSync(join(root, folder))) throw new CannotMake(`${folder} is there already`)
  const indexFile = 'src/policies/index.ts'
  // Before anything is written: a folder that is not listed would be half a policy.
  const index = listInCatalogue(readFileSync(join(root, indexFile), 'utf8'), name)

  mkdirSync(join(root, folder))
  const written = readdirSync(join(templates, 'policy')).map((template) => {
    const text = readFileSync(join(templates, 'policy', template), 'utf8')
    const file = join(folder, template.replace(/\.template$/, ''))
    writeFileSync(join(root, file), text.replaceAll('{{name}}', name).replaceAll('{{camelName}}', camelCase(name)))
    return file
  })
  writeFileSync(join(root, indexFile), index)
  format(root, [folder, indexFile])
  return [...written, indexFile]
}

/** Where lines break depends on how long the name is. */
function format(root: string, paths: readonly string[]): void {
  const formatter = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')
  const { status, stdout, stderr } = spawnSync(process.execPath, [formatter, 'format', '--write', '--vcs-enabled=false', ...paths], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) throw new CannotMake(`the formatter refused what was written:\n${stdout}${stderr}`)
}

/** The catalogue's source with one more import, in alphabetical place, and one more entry, at the end. */
function listInCatalogue(index: string, name: string): string {
  const line = `import { ${camelCase(name)} } from './${name}/policy.ts'`
  const specifierOf = (each: string): string => /from '([^']*)'/.exec(each)?.[1] ?? ''
  const lines = index.split('\n')
  const imports = lines.filter((each) => /^import .* from '\.\/.*\/policy\.ts'$/.test(each))
  const after = imports.filter((each) => specifierOf(each) < specifierOf(line)).at(-1)
  const place = after !== undefined ? lines.indexOf(after) + 1 : imports[0] !== undefined ? lines.indexOf(imports[0]) : -1
  const list = /^(export const \w+[^=]*= \[)([^\]]*?),?\s*\]/m
  if (place === -1 || !list.test(index)) throw new CannotMake('src/policies/index.ts does not read as imports and one list')
  lines.splice(place, 0, line)
  return lines.join('\n').replace(list, (_, head: string, entries: string) => {
    const all = [...entries.split(',').map((entry) => entry.trim()), camelCase(name)]
    const inOneLine = `${head}${all.join(', ')}]`
    return entries.includes('\n') ? `${head}\n  ${all.join(',\n  ')},\n]` : inOneLine
  })
}

const [kind, name, ...rest] = process.argv.slice(2)
if (kind !== 'policy' || name === undefined || rest.length > 0) {
  console.error('usage: npm run new policy NAME')
  process.exit(2)
}
try {
  const written = makePolicy(fileURLToPath(new URL('../', import.meta.url)), name)
  console.log(
    `wrote ${written.join('\n      ')}\nnext: say in policy.ts what it does, in attacks.test.ts how one would get round it; then npm run docs and npm run check`,
  )
} catch (error) {
  if (!(error instanceof CannotMake)) throw error
  console.error(`new: ${error.message}`)
  process.exit(1)
}
