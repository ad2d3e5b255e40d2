// Checks the types of a policy with the TypeScript compiler that is at hand, under settings that let Node run what they accept.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import { cwd, execPath } from 'node:process'
import { fileURLToPath } from 'node:url'

/** Lines of what is wrong, none when nothing is; `absent`: there is no compiler. */
export function checkTypes(file: string): readonly string[] | 'absent' {
  const found = compiler(file)
  if (found === undefined) return 'absent'
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-types-'))
  try {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings(file, found.nodeTypes)))
    const { status, stdout, stderr, error } = spawnSync(execPath, [found.program, '-p', folder, '--pretty', 'false'], { encoding: 'utf8', cwd: dirname(file) })
    if (status === 0) return []
    const lines = `${stdout ?? ''}${stderr ?? ''}`.split('\n').filter((line) => line !== '')
    return lines.length > 0 ? lines : [`the compiler failed: ${error?.message ?? `code ${status}`}`]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Beside the policy first: its author chose it. */
function compiler(file: string): { readonly program: string; readonly nodeTypes: string | undefined } | undefined {
  const places = [file, join(cwd(), 'package.json'), fileURLToPath(import.meta.url)]
  const program = firstOf(places, 'typescript')
  if (program === undefined) return undefined
  const types = firstOf(places, '@types/node')
  return { program: join(program, 'bin/tsc'), nodeTypes: types }
}

function firstOf(places: readonly string[], name: string): string | undefined {
  for (const place of places) {
    try {
      const folder = dirname(createRequire(place).resolve(`${name}/package.json`))
      if (existsSync(folder)) return folder
    } catch {
      // Not there: the next place.
    }
  }
  return undefined
}

function settings(file: string, nodeTypes: string | undefined): object {
  const own = extname(import.meta.url)
  const beside = (name: string): string => fileURLToPath(new URL(`../../own-policies/${name}${own === '.ts' ? '.ts' : '.d.ts'}`, import.meta.url))
  return {
    compilerOptions: {
      target: 'esnext',
      // Whatever a package.json nearby says of .ts and .js: a policy is always a module.
      module: 'esnext',
      moduleResolution: 'bundler',
      lib: ['esnext'],
      noEmit: true,
      strict: true,
      noUncheckedIndexedAccess: true,
      // As the sources of Gatehouse are checked, which stand behind `gatehouse/policy` in a checkout.
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      // Node takes the types away and compiles nothing: what it cannot run is a fault here already.
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      types: nodeTypes === undefined ? [] : ['node'],
      ...(nodeTypes !== undefined && { typeRoots: [dirname(nodeTypes)] }),
      paths: { 'gatehouse/policy': [beside('public')], 'gatehouse/policy/testing': [beside('testing')] },
    },
    files: [file],
  }
}
