// Paths find their operation as OpenAPI says, and nothing else finds it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { RouteTable } from './route-table.ts'
import { buildRouteTable } from './route-table-builder.ts'
import type { Route } from './snapshot.ts'

/** "GET /books" as an operation of that name. */
const routeOf = (name: string, policySet = 0): Route => {
  const [method, template] = name.split(' ') as [string, string]
  return { operation: name, method, template, policySet }
}
const tableOf = (...names: string[]): RouteTable => new RouteTable(buildRouteTable(names.map((name, index) => routeOf(name, index % 7))))

function found(table: RouteTable, path: string, method: string): string | readonly string[] | undefined {
  const route = table.find(path, method)
  return route < 0 ? table.allowed(path) : table.operation(route)
}

/** What OpenAPI 3.1 4.8.8.2 says, told without a table: of all that fit, the one that is concrete earliest; a longer literal part is more concrete. */
function byTheBook(names: readonly string[], path: string, method: string): string | undefined {
  const segments = path.split('/').slice(1)
  const rank = (segment: string): number =>
    segment.includes('{')
      ? segment.startsWith('{') && segment.indexOf('}') === segment.length - 1
        ? 1000
        : 100 - segment.replaceAll(/\{[^}]*\}/g, '').length
      : 0
  const fit = names.filter((name) => {
    const templated = name.split(' ')[1]!.split('/').slice(1)
    if (!name.startsWith(`${method} `) || templated.length !== segments.length) return false
    return templated.every((each, i) => {
      const segment = segments[i]!
      if (!each.includes('{')) return each === segment
      return !/^\.{0,2}$/.test(segment) && new RegExp(`^${each.replaceAll('.', '\\.').replaceAll(/\{[^}]*\}/g, '.+')}$`, 's').test(segment)
    })
  })
  const ranks = (name: string): number[] => name.split(' ')[1]!.split('/').slice(1).map(rank)
  const compare = (a: string, b: string): number => {
    const [left, right] = [ranks(a), ranks(b)]
    const i = left.findIndex((each, at) => each !== right[at])
    return i < 0 ? 0 : left[i]! - right[i]!
  }
  return fit.toSorted(compare)[0]
}

describe('the operation of a path', () => {
  const table = tableOf(
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
  const cases: [method: string, path: string, found: string | readonly string[] | undefined][] = [
    ['GET', '/books', 'GET /books'],
    ['GET', '/books/7', 'GET /books/{id}'],
    ['GET', '/books/new', 'GET /books/new'],
    ['DELETE', '/books/new', 'DELETE /books/{id}'],
    ['HEAD', '/books/7', 'GET /books/{id}'],
    ['GET', '/books/deep/9', 'GET /{any}/deep/{id}'],
    ['GET', '/compare/a...b', 'GET /compare/{base}...{head}'],
    ['GET', '/compare/a....b', 'GET /compare/{base}...{head}'],
    ['GET', '/compare/...b', undefined],
    ['GET', '/compare/a...', undefined],
    ['GET', '/compare/...', undefined],
    ['GET', '/report.json', 'GET /report.{format}'],
    ['GET', '/report.', undefined],
    ['GET', '/', 'GET /'],
    ['GET', '/books/', undefined],
    ['GET', '/books//', undefined],
    ['GET', '/books/.', undefined],
    ['GET', '/books/..', undefined],
    ['GET', '/books/...', 'GET /books/{id}'],
    ['GET', '/Books', undefined],
    ['GET', '/books/7/8', undefined],
    ['PUT', '/books', ['GET', 'HEAD', 'POST']],
    ['PATCH', '/books/7', ['DELETE', 'GET', 'HEAD']],
    ['PATCH', '/nothing', undefined],
  ]
  for (const [method, path, wanted] of cases) test(`${method} ${path} finds ${wanted ?? 'nothing'}`, () => assert.deepEqual(found(table, path, method), wanted))

  test('of two templates that no path can tell apart the first is served, and both keep their place', () => {
    const clash = tableOf('GET /a/{id}', 'GET /a/{name}', 'PUT /a/{name}')
    assert.equal(found(clash, '/a/7', 'GET'), 'GET /a/{id}')
    assert.equal(found(clash, '/a/7', 'PUT'), 'PUT /a/{name}')
    assert.equal(clash.size, 3)
  })

  test('an API without operations finds nothing', () => {
    const empty = tableOf()
    assert.deepEqual([empty.size, empty.find('/', 'GET'), empty.allowed('/'), empty.indexOf('any')], [0, -1, undefined, -1])
  })

  test('every operation is found by its name, with its policies, and no other name is', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `GET /r${i % 17}/x${i}/{id}/ü${i}`)
    const many = tableOf(...names)
    for (const [i, name] of names.entries()) {
      assert.deepEqual([many.indexOf(name), many.operation(i), many.policySet(i)], [i, name, i % 7])
      assert.equal(many.find(name.slice(4).replace('{id}', 'q'), 'GET'), i)
      assert.equal(many.indexOf(`${name}x`), -1)
    }
  })

  test('any path among any templates finds what the standard says', () => {
    // No two patterns with equally long literals: which of those comes first is not the standard's to say.
    const segment = fc.constantFrom('a', 'b', 'cc', '{x}', '{y}', 'p-{x}', '{x}.zz', '{x}....{y}', 'a{x}b{y}ccc', '{x}{y}zzzzzz')
    const template = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`)
    const name = fc.tuple(fc.constantFrom('GET', 'PUT'), template).map((parts) => parts.join(' '))
    const part = fc.oneof(
      fc.constantFrom(
        'a',
        'b',
        'cc',
        '',
        '.',
        '..',
        'p-1',
        'p-',
        'q.zz',
        '.zz',
        'x....y',
        '..',
        '...',
        '.....',
        'aXbYccc',
        'abccc',
        'aXbccc',
        'Xzzzzzz',
        'XYzzzzzz',
      ),
      fc.string({ maxLength: 3 }),
    )
    let hits = 0
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 12 }), fc.array(part, { minLength: 1, maxLength: 4 }), fc.nat(23), (names, parts, near) => {
        // Half of the paths are anything, half are made from one of the templates.
        const model = near < 12 ? names[near % names.length]!.split(' ')[1]!.slice(1) : parts.map((each) => each.replaceAll('/', '')).join('/')
        let filled = 0
        const path = `/${model.replaceAll(/\{[^}]*\}/g, () => parts[filled++ % parts.length]!.replaceAll('/', '') || 'x')}`
        // Names of parameters do not matter: of those that differ in them only, the first counts.
        const shapes = new Set<string>()
        const distinct = names.filter((each) => {
          const shape = each.replaceAll(/\{[^}]*\}/g, '{}')
          return !shapes.has(shape) && shapes.add(shape)
        })
        const wanted = byTheBook(distinct, path, 'GET')
        const route = tableOf(...distinct).find(path, 'GET')
        assert.equal(route < 0 ? undefined : distinct[route], wanted, `${path} among ${distinct.join(' ')}`)
        if (wanted !== undefined) hits++
      }),
      { numRuns: 5000 },
    )
    assert.ok(hits > 500, `only ${hits} paths fitted anything`)
  })
})
