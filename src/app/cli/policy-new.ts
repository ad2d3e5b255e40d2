// Writes a policy to begin with, and its test: both work as they are.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { visible } from '../../base/visible-text.ts'
import { nameFault } from '../../own-policies/declaration.ts'
import { complain, type ExitCode, print } from './usage.ts'

export function newPolicy(name: string, folder: string, taken: ReadonlySet<string>): ExitCode {
  const fault = nameFault(name, taken)
  if (fault !== undefined) {
    complain(fault)
    return 2
  }
  const files: [file: string, text: string][] = [
    [join(folder, `${name}.ts`), policyText(name)],
    [join(folder, `${name}.test.ts`), testText(name)],
  ]
  const there = files.find(([file]) => existsSync(file))
  if (there !== undefined) {
    complain(`${visible(there[0])} is there already`)
    return 1
  }
  mkdirSync(folder, { recursive: true })
  // 0600: a configuration is refused that others can write.
  for (const [file, text] of files) writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  print(`${files.map(([file]) => file).join('\n')}

gatehouse policy test ${files[0]![0]}
then name it in gatehouse.yaml:
  policyFiles: [${name}.ts]
  apis: { NAME: { policies: { ${name}: { header: X-Tenant } } } }`)
  return 0
}

const policyText = (name: string): string => `// ${name}: refuses requests that lack a field.
import { definePolicy, object, string } from 'gatehouse/policy'

export default definePolicy({
  name: '${name}',
  stage: 'inspect',
  summary: 'Refuses requests that lack a field.',
  config: object({ header: string({ maxLength: 100, describe: 'The field that must be there.' }) }),
  denials: {
    missing: { status: 400, says: 'A field is missing.', ref: 'RFC 9110 15.5.1', mend: 'Send the field that the documentation of this API names.' },
  },
  // Run at every load: a change that breaks one is refused, and what was served before goes on.
  examples: [
    { title: 'Without the field', config: { header: 'X-Tenant' }, send: {}, expect: { status: 400, code: '${name}.missing' } },
    { title: 'With it', config: { header: 'X-Tenant' }, send: { headers: { 'X-Tenant': 'north' } }, expect: { status: 200 } },
  ],
  compile({ header }, { deny }) {
    const missing = deny('missing')
    return {
      request: (x) => (x.header(header) === undefined ? missing : undefined),
    }
  },
})
`

const testText = (name: string): string => `// What ${name} guarantees.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PolicyTest } from 'gatehouse/policy/testing'
import policy from './${name}.ts'

test('a request without the field is refused', async () => {
  const outcome = await new PolicyTest(policy, { header: 'X-Tenant' }).send({})
  assert.equal(outcome.code, '${name}.missing')
})

test('a request with the field goes on', async () => {
  const outcome = await new PolicyTest(policy, { header: 'X-Tenant' }).send({ headers: { 'X-Tenant': 'north' } })
  assert.equal(outcome.status, 200)
})
`
