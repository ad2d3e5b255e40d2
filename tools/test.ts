// Runs the tests: `npm test` runs all of them, `npm test -- WORD...` those whose path holds one of the words, `npm test -- --name TEXT` those so named.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
/** Programs of others that tests run against or with, by what must be found: no test replaces them by something like them. */
const SERVERS = ['nginx', 'postgres', 'sslscan']

function isInstalled(program: string): boolean {
  const { PATH = '' } = process.env
  // Debian keeps the programs of each version of PostgreSQL in a folder of their own, off the path.
  const folders = [...PATH.split(delimiter), '/usr/sbin', '/usr/local/sbin', ...globSync('/usr/lib/postgresql/*/bin')]
  return folders.some((folder) => existsSync(join(folder, program)))
}

/** Installs what is missing where that is possible; returns what still is. */
function missingServers(): string[] {
  const missing = SERVERS.filter((server) => !isInstalled(server))
  const installer = join(root, 'tools/install-debian.sh')
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync(installer)) return missing
  console.log(`test: ${missing.join(', ')} missing: running tools/install-debian.sh`)
  spawnSync('bash', [installer], { stdio: ['ignore', 'inherit', 'inherit'] })
  return SERVERS.filter((server) => !isInstalled(server))
}

const args = process.argv.slice(2)
const nameAt = args.indexOf('--name')
const name = nameAt === -1 ? undefined : args.splice(nameAt, 2)[1]
const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'], { cwd: root })
  .filter((file) => args.length === 0 || args.some((word) => file.includes(word)))
  .sort()
if (files.length === 0) {
  console.error(`test: no test file's path holds ${args.join(' or ')}`)
  process.exit(2)
}

const missing = missingServers()
// Two files at a time: several start servers and load of their own, and the smallest machine they must pass on has two cores.
// What hangs is ended and named after a quarter of an hour; no test is measured by it.
const flags = ['--test', '--test-concurrency=2', '--test-timeout=900000', ...(name === undefined ? [] : ['--test-name-pattern', name])]
const { NODE_OPTIONS: _, ...environment } = process.env
const { status } = spawnSync(process.execPath, [...flags, ...files], {
  cwd: root,
  stdio: 'inherit',
  // Each of hundreds of test files, and each program that they start, is a process that reads the same sources.
  env: { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'), ...environment },
})

// After the runner's own summary nothing is printed on standard output: scripts read its last lines.
if (missing.length > 0) {
  console.error(
    `test: NOT everything ran: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not installed, and installing needs root (tools/install-debian.sh)`,
  )
}
process.exit(missing.length > 0 ? status || 1 : (status ?? 1))
