// Turns src/ into dist/: plain JavaScript, because Node refuses TypeScript inside node_modules, and the types of `gatehouse/policy`. `npm pack` runs it.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

// What an older build left would be packed too.
rmSync(join(root, 'dist'), { recursive: true, force: true })
for (const project of ['tsconfig.build.json', 'tsconfig.types.json']) {
  const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, project)], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
for (const made of ['dist/app/main.js', 'dist/own-policies/public.d.ts']) {
  if (existsSync(join(root, made))) continue
  console.error(`build: ${made} was not made`)
  process.exit(1)
}
