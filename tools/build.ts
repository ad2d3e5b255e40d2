// Turns src/ into dist/: plain JavaScript, because Node refuses TypeScript inside node_modules. `npm pack` runs it.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

// What an older build left would be packed too.
rmSync(join(root, 'dist'), { recursive: true, force: true })
const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { cwd: root, stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
if (!existsSync(join(root, 'dist/app/main.js'))) {
  console.error('build: dist/app/main.js was not made')
  process.exit(1)
}
