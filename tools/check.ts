// Everything that must hold before a change lands: types, lint, floors, generated files unchanged, tests. `--without-tests` leaves the last one out.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const require = createRequire(import.meta.url)
/** The program of an installed package, run by the Node that runs this and not by whichever the path finds first. */
const programOf = (name: string, file: string): string => join(dirname(require.resolve(`${name}/package.json`)), file)

const steps: readonly (readonly [name: string, ...args: string[]])[] = [
  ['types', programOf('typescript', 'bin/tsc'), '-p', root],
  ['lint', programOf('@biomejs/biome', 'bin/biome'), 'check', '--error-on-warnings'],
  ['floors', '--test', '--test-reporter=dot', 'test/architecture.test.ts'],
  ['generated files', 'tools/docs.ts', '--check'],
  ...(process.argv.includes('--without-tests') ? [] : ([['tests', 'tools/test.ts']] as const)),
]

// Every step runs, whatever the ones before it found: one run shows all that is wrong.
const failed = steps.filter(([name, ...args]) => {
  console.log(`check: ${name}`)
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status !== 0
})
if (failed.length > 0) {
  console.error(`check: failed: ${failed.map(([name]) => name).join(', ')}`)
  process.exit(1)
}
