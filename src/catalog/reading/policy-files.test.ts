// Which texts a policy is: its own and those beside it, and nothing that it could be led to elsewhere.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type PolicyFile, PolicyFiles } from './policy-files.ts'

describe('the files of a policy', () => {
  let root: string
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'gatehouse-policy-files-'))
    mkdirSync(join(root, 'policies/deep'), { recursive: true })
  })
  after(() => rmSync(root, { recursive: true }))

  const put = (name: string, text: string, mode = 0o600): string => {
    const file = join(root, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { mode })
    return file
  }
  function read(written: unknown) {
    const faults: string[] = []
    const digests = new Map<string, string>()
    const files = new PolicyFiles((_path, code) => faults.push(code), digests)
    const file: PolicyFile | undefined = files.read(join(root, 'gatehouse.yaml'), written, ['policyFiles', 0])
    return {
      file,
      faults,
      names: file && [...file.texts.keys()].map((name) => basename(name)),
      looked: [...digests.keys()].map((name) => basename(name)),
      files,
    }
  }

  test('a policy is its own text and those that it imports, over any number of steps, in circles too', () => {
    put(
      'policies/acme-a.ts',
      "import { b } from './b.ts'\nexport * from \"./deep/c.ts\"\nimport './d.ts'\nimport fs from 'node:fs'\nimport x from 'gatehouse/policy'",
    )
    put('policies/b.ts', "export const b = 1\nimport type { C } from './deep/c.ts'")
    put('policies/deep/c.ts', "import '../acme-a.ts'")
    put('policies/d.ts', '')
    assert.deepEqual(read('policies/acme-a.ts').names, ['acme-a.ts', 'b.ts', 'c.ts', 'd.ts'])
  })

  test('its digest changes with any of them, with their names, and with where it may fetch from', () => {
    put('policies/acme-a.ts', "import './d.ts'")
    const digests = new Set<string>()
    const note = (written: unknown): number => digests.add(read(written).file!.digest).size
    assert.equal(note('policies/acme-a.ts'), 1)
    assert.equal(note({ file: 'policies/acme-a.ts' }), 1)
    put('policies/d.ts', '// other')
    assert.equal(note('policies/acme-a.ts'), 2)
    assert.equal(note({ file: 'policies/acme-a.ts', fetch: ['https://a.example'] }), 3)
    put('policies/acme-a.ts', "import './d.ts' ")
    assert.equal(note('policies/acme-a.ts'), 4)
  })

  test('what is imported only in a comment is looked for and not missed; it is watched, since it may come', () => {
    put('policies/acme-a.ts', "// import './gone.ts'\nexport default 1")
    const { faults, names, looked } = read('policies/acme-a.ts')
    assert.deepEqual([faults, names, looked], [[], ['acme-a.ts'], ['acme-a.ts', 'gone.ts']])
  })

  test('nothing leads out of its folder: not by a path, not by a link', () => {
    put('outside.ts', '')
    put('policies/acme-a.ts', "import '../outside.ts'")
    assert.deepEqual(read('policies/acme-a.ts').faults, ['policy-outside'])
    symlinkSync(join(root, 'outside.ts'), join(root, 'policies/link.ts'))
    put('policies/acme-a.ts', "import './link.ts'")
    assert.deepEqual(read('policies/acme-a.ts').faults, ['policy-outside'])
  })

  test('what others may write is not run', () => {
    put('policies/acme-open.ts', '', 0o600)
    const open = put('policies/open.ts', '', 0o666)
    rmSync(open)
    const before = process.umask(0)
    put('policies/open.ts', '', 0o666)
    process.umask(before)
    put('policies/acme-open.ts', "import './open.ts'")
    assert.deepEqual(read('policies/acme-open.ts').faults, ['file-writable-by-others'])
    assert.deepEqual(read('policies/open.ts').faults, ['file-writable-by-others'])
  })

  test('its size and the number of its files are bounded', () => {
    put('policies/acme-large.ts', 'x'.repeat(512 * 1024 + 1))
    assert.deepEqual(read('policies/acme-large.ts').faults, ['file-too-large'])
    for (let i = 0; i < 70; i++) put(`policies/many/m${i}.ts`, '')
    put('policies/many/acme-many.ts', Array.from({ length: 70 }, (_, i) => `import './m${i}.ts'`).join('\n'))
    assert.deepEqual(read('policies/many/acme-many.ts').faults, ['too-many-files'])
  })

  test('what is not there, is named twice or is no path gives no policy', () => {
    assert.deepEqual(read('policies/gone.ts').faults, ['file-missing'])
    for (const written of [7, null, '', 'a.txt', 'a.ts\nb.ts', 'a\0.ts', {}, { file: 7 }, ['a.ts']]) assert.equal(read(written).file, undefined)
    put('policies/acme-a.ts', '')
    const { files, faults } = read('policies/acme-a.ts')
    assert.equal(files.read(join(root, 'gatehouse.yaml'), { file: './policies/../policies/acme-a.ts' }, []), undefined)
    assert.deepEqual(faults, ['said-twice'])
  })
})
