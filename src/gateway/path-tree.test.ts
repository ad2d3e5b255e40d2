// Paths find their operation as OpenAPI says, and nothing else finds it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { PathTree } from './path-tree.ts'

function treeOf(...templates: string[]): PathTree<string> {
  const tree = new PathTree<string>()
  for (const template of templates) {
    const [method, path] = template.split(' ') as [string, string]
    assert.ok(tree.add(path, method, template))
  }
  return tree
}

describe('the operation of a path', () => {
  const tree = treeOf(
    'GET /books',
    'POST /books',
    'GET /books/{id}',
    'GET /books/new',
    'DELETE /books/{id}',
    'GET /compare/{base}...{head}',
    'GET /report.{format}',
    'GET /{any}/deep/{id}',
    'GET /',
  )
  const table: [method: string, path: string, found: string | readonly string[] | undefined][] = [
    ['GET', '/books', 'GET /books'],
    ['GET', '/books/7', 'GET /books/{id}'],
    ['GET', '/books/new', 'GET /books/new'],
    ['DELETE', '/books/new', 'DELETE /books/{id}'],
    ['HEAD', '/books/7', 'GET /books/{id}'],
    ['GET', '/books/deep/9', 'GET /{any}/deep/{id}'],
    ['GET', '/compare/a...b', 'GET /compare/{base}...{head}'],
    ['GET', '/compare/...b', undefined],
    ['GET', '/compare/a...', undefined],
    ['GET', '/report.json', 'GET /report.{format}'],
    ['GET', '/report.', undefined],
    ['GET', '/', 'GET /'],
    ['GET', '/books/', undefined],
    ['GET', '/books//', undefined],
    ['GET', '/books/.', undefined],
    ['GET', '/books/..', undefined],
    ['GET', '/Books', undefined],
    ['GET', '/books/7/8', undefined],
    ['PUT', '/books', ['GET', 'HEAD', 'POST']],
    ['PATCH', '/books/7', ['DELETE', 'GET', 'HEAD']],
    ['PATCH', '/nothing', undefined],
  ]
  for (const [method, path, found] of table) test(`${method} ${path} finds ${found ?? 'nothing'}`, () => assert.deepEqual(tree.find(path, method), found))

  test('a template that no path can tell from another is not added twice', () => {
    const clash = treeOf('GET /a/{id}')
    assert.equal(clash.add('/a/{name}', 'GET', 'second'), false)
    assert.equal(clash.add('/a/{name}', 'PUT', 'third'), true)
    assert.equal(clash.size, 2)
  })

  test('a path made from a template finds that template, whatever stands beside it', () => {
    const segment = fc.constantFrom('a', 'b', 'c', '{x}', '{y}', 'p-{x}', '{x}.z')
    const template = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => `/${segments.join('/')}`)
    fc.assert(
      fc.property(fc.uniqueArray(template, { minLength: 1, maxLength: 12 }), (templates) => {
        const made = new PathTree<string>()
        const known = templates.filter((each) => made.add(each, 'GET', each))
        for (const each of known) {
          const path = each.replaceAll(/\{[^}]*\}/g, 'QQ')
          const found = made.find(path, 'GET')
          assert.ok(typeof found === 'string', `${path} found nothing among ${known.join(' ')}`)
          // A more concrete template may take it, but only one whose shape it really has.
          const shape = new RegExp(`^${found.replaceAll('.', '\\.').replaceAll(/\{[^}]*\}/g, '[^/]+')}$`)
          assert.match(path, shape)
        }
      }),
      { numRuns: 500 },
    )
  })
})
