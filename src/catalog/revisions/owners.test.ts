// File and console own side by side: nothing twice, and the console nothing that only the file may.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MemoryStore } from '../../adapters/memory/store.ts'
import { faultLines } from '../check.ts'
import { resolveClosing } from './closing.ts'
import { ada, anyone, api, consumer, done, fileOf, openapi, openCatalog, refusedAs, start } from './conformance/fixtures.ts'
import { ConsoleDocuments } from './console-document.ts'
import { type CatalogObject, KINDS } from './kinds.ts'

describe('two owners', () => {
  test('an API of the console is served beside those of the file', async () => {
    const { publish, lives, catalog } = await start([api('shop')])
    done(await publish(api('books')))
    assert.deepEqual(lives.at(-1), ['books', 'shop'])
    assert.deepEqual(
      catalog.configuration.snapshot.apis.map(({ name }) => name),
      ['books', 'shop'],
    )
  })

  test('a name that the file owns cannot be published by the console, and both owners are named', async () => {
    const { publish, base } = await start([api('shop')])
    const outcome = await publish(api('shop', { path: '/other' }))
    assert.ok('refused' in outcome && outcome.refused === 'invalid')
    assert.deepEqual(faultLines(outcome.faults, '/nowhere').split('\n'), [
      "console:api/shop: owned-twice the console owns 'shop', and so does the file, /nowhere/gatehouse.yaml: take it out of one of them, since nothing is owned twice",
    ])
    assert.equal(await base(), 1)
  })

  test('faults of console objects name the object and the way inside of it', async () => {
    const { publish } = await start()
    const outcome = await publish(
      api('books', { policies: { nope: {} }, hosts: ['a.example', 'a..b'] }),
      { kind: 'document', name: 'broken', value: 'openapi: 3.1.0\npaths: { /a: { gte: {} } }\n' },
      api('reads', { openapi: 'document:broken', operations: { 'GET /a/{id}': { public: 'yes' } } }),
      api('lost', { openapi: 'document:brokn' }),
    )
    assert.ok('refused' in outcome && outcome.refused === 'invalid')
    assert.deepEqual(
      outcome.faults.map(({ place, code }) => `${place} ${code}`),
      [
        'console:api/books:hosts[1] bad-host',
        'console:api/books:policies.nope unknown-policy',
        'console:api/lost:openapi unknown-document',
        'console:api/reads:operations["GET /a/{id}"].public wrong-type',
      ],
    )
    const one = await publish(
      { kind: 'document', name: 'broken', value: 'openapi: 3.1.0\npaths: { /a: { gte: {} } }\n' },
      api('reads', { openapi: 'document:broken' }),
    )
    assert.ok('refused' in one && one.refused === 'invalid')
    assert.equal(faultLines(one.faults, '/nowhere').split(' ').slice(0, 2).join(' '), 'console:document/broken:2:16 unknown-key')
  })

  test('wherever an upstream of the console stands, what its name leads to is bounded by the file; an upstream of the file is not', async () => {
    const { publish, catalog } = await start([api('filed'), { kind: 'upstream', name: 'shared', value: { url: 'http://shared.example' } }], {
      egress: { allowPrivate: ['10.0.0.0/8'] },
    })
    const versioned = { upstream: undefined, versioning: { by: 'path' } }
    done(
      await publish(
        { kind: 'upstream', name: 'own', value: { url: 'http://own.example' } },
        api('plain', { canary: { upstream: 'http://b.example', share: '5%' } }),
        api('named', { upstream: 'own' }),
        api('of-file', { upstream: 'shared' }),
        api('books', versioned),
        { kind: 'version', name: 'books@v1', value: { upstream: 'http://v1.example' } },
      ),
    )
    const bound = ['10.0.0.0/8']
    assert.deepEqual(Object.fromEntries(catalog.configuration.snapshot.apis.map(({ name, upstream }) => [name, upstream.reach])), {
      ...{ 'books@v1': bound, named: bound, plain: bound, 'plain~canary': bound },
      ...{ filed: undefined, 'of-file': undefined },
    })
  })

  const forbidden: [name: string, object: CatalogObject, code: string][] = [
    ['a private upstream', api('a', { upstream: 'http://10.0.0.5:80' }), 'private-upstream'],
    ['loopback', api('a', { upstream: { url: 'http://127.0.0.1:9001' } }), 'private-upstream'],
    ['loopback by name', api('a', { upstream: 'http://LOCALHOST:9001' }), 'private-upstream'],
    ['a name below localhost', api('a', { upstream: { targets: ['http://x.localhost:9001'] } }), 'private-upstream'],
    ['one of several targets', api('a', { upstream: { targets: ['http://a.example', { url: 'http://10.0.0.5', weight: 2 }] } }), 'private-upstream'],
    ['an IPv4-mapped private address', api('a', { upstream: 'http://[::ffff:192.168.0.1]' }), 'private-upstream'],
    ['a private address by NAT64', api('a', { upstream: 'http://[64:ff9b::a00:1]' }), 'private-upstream'],
    ['a private address by 6to4', api('a', { upstream: 'http://[2002:a00:1::]' }), 'private-upstream'],
    ['a unique local address', api('a', { upstream: 'http://[fd12::1]' }), 'private-upstream'],
    ['shared address space', api('a', { upstream: 'http://100.64.0.1' }), 'private-upstream'],
    ['a private upstream that gets copies', api('a', { mirror: { to: 'http://10.0.0.5:80' } }), 'private-upstream'],
    ['loopback for copies', api('a', { mirror: { to: { targets: ['http://a.example', { url: 'http://127.0.0.1:9001' }] } } }), 'private-upstream'],
    ['a private canary', api('a', { canary: { upstream: { targets: ['http://10.0.0.5'] }, share: '5%' } }), 'private-upstream'],
    ['a link-local address', api('a', { upstream: 'http://169.254.169.254' }), 'forbidden-upstream'],
    ['the control listener', api('a', { upstream: 'http://127.0.0.1:8081' }), 'upstream-is-control'],
    ['a file of this machine', api('a', { openapi: '/etc/passwd' }), 'console-file'],
    ['a file beside the configuration', api('a', { openapi: './a.yaml' }), 'console-file'],
    ['a document over the network', api('a', { openapi: 'http://evil.example/a.yaml' }), 'console-file'],
    ['a secret of the environment', api('a', { policies: { later: { key: { env: 'HOME' } } } }), 'console-reference'],
    ['a secret in a file', api('a', { policies: { later: [{ deep: { key: { file: '/etc/shadow' } } }] } }), 'console-reference'],
    ['a secret of both', api('a', { policies: { later: { env: 'A', secret: 'b' } } }), 'console-reference'],
  ]
  for (const [name, object, code] of forbidden)
    test(`the console may not refer to ${name}`, async () => {
      const { publish } = await start()
      const outcome = await publish(object)
      assert.ok('refused' in outcome && outcome.refused === 'invalid')
      assert.ok(
        outcome.faults.some((fault) => fault.code === code && (fault.place ?? '').startsWith('console:api/a:')),
        JSON.stringify(outcome.faults),
      )
    })

  test('what the file allows under egress.allowPrivate the console may reach, and nothing beside it', async () => {
    const { publish } = await start([], { egress: { allowPrivate: ['10.1.0.0/16'] } })
    done(await publish(api('a', { upstream: 'http://10.1.2.3:80' })))
    assert.equal(refusedAs(await publish(api('b', { upstream: 'http://10.2.2.3:80' }))), 'invalid')
  })

  test('a document of the console refers to nothing outside of itself', async () => {
    const { publish } = await start()
    for (const reference of ['./other.yaml', '/etc/passwd', '../x.yaml#/a', 'document:other', 'http://evil.example/x', 'console:document/other']) {
      const value = `openapi: 3.1.0\npaths: { /a: { $ref: ${JSON.stringify(reference)} } }\n`
      const outcome = await publish({ kind: 'document', name: 'd', value }, api('a', { openapi: 'document:d' }))
      assert.ok('refused' in outcome && outcome.refused === 'invalid', reference)
      assert.ok(
        outcome.faults.every(({ code }) => code === 'ref-outside' || code === 'remote-ref'),
        JSON.stringify(outcome.faults),
      )
    }
  })

  test('a file that claims a name of the console is refused while it runs, is shown as drift, and comes in by itself when the console gives way', async () => {
    const { publish, catalog, drift, lives } = await start([api('shop')])
    done(await publish(api('books')))
    await catalog.fileChanged(fileOf([api('shop'), api('books', { path: '/from-the-file' })]))
    assert.deepEqual(
      (await drift()).map(({ what, kind, name }) => ({ what, kind, name })),
      [
        { what: 'file-refused', kind: undefined, name: undefined },
        { what: 'owned-twice', kind: 'api', name: 'books' },
      ],
    )
    assert.equal(lives.length, 1)
    done(await publish({ kind: 'api', name: 'books' }))
    assert.deepEqual(await drift(), [])
    assert.deepEqual(
      catalog.configuration.snapshot.apis.map(({ path }) => path),
      ['/from-the-file', '/shop'],
    )
    assert.deepEqual(lives.at(-1), ['books', 'shop'])
  })
})

describe('the file stands by itself', () => {
  test('an edit that needs what only the console has is refused as a start would refuse it, and says so, until it is there in the file', async () => {
    const { publish, catalog, drift, lives } = await start([api('shop')])
    done(await publish(api('books'), openapi('d', '/a')))
    for (const file of [[api('shop'), consumer('acme', 'books')], [api('shop', { openapi: 'document:d' })]]) {
      await catalog.fileChanged(fileOf(file))
      const [item, ...others] = await drift()
      assert.deepEqual([item!.what, others], ['file-refused', []])
      assert.match(item!.says, /stand by itself/)
      assert.equal(lives.length, 1)
    }
    await catalog.fileChanged(fileOf([api('shop'), consumer('acme', 'shop')]))
    assert.deepEqual([await drift(), lives.length], [[], 2])
  })

  test('what was refused is tried again at every beat, and not for every commit of others', async () => {
    const store = new MemoryStore()
    let tries = 0
    const live = async (): Promise<void> => {
      tries++
      throw new Error('not now')
    }
    const { catalog } = await openCatalog(store, fileOf([api('shop')]), { live })
    await catalog.fileChanged(fileOf([api('shop'), api('books')]))
    // Once more for what the edit itself recorded.
    await catalog.refresh()
    const settled = tries
    for (let i = 0; i < 5; i++) {
      await store.write(async (writing) => writing.put({ name: 'anything' }, String(i), i))
      await catalog.refresh()
    }
    assert.equal(tries, settled)
    await catalog.beat()
    assert.ok(tries > settled && settled > 0, `${tries}`)
    await catalog.close()
  })
})

describe('a start with a file that the console does not go with', () => {
  test('the file wins the name, the rest is served, nothing is lost, and drift says so', async () => {
    const store = new MemoryStore()
    const first = await openCatalog(store, fileOf([api('shop')]))
    done(await first.catalog.publish({ author: ada, message: 'm', base: 1, changes: [api('books'), api('reads')] }, anyone))
    await first.catalog.close()
    const second = await openCatalog(store, fileOf([api('shop'), api('books', { path: '/from-the-file' })]))
    const { apis } = second.catalog.configuration.snapshot
    assert.deepEqual(
      apis.map(({ name, path }) => `${name} ${path}`),
      ['books /from-the-file', 'reads /reads', 'shop /shop'],
    )
    const drift = await store.read((reading) => second.catalog.drift(reading))
    assert.deepEqual(
      drift.map(({ what, name }) => `${what} ${name}`),
      ['closed books', 'owned-twice books'],
    )
    // Nothing is lost: without the file's claim it is back.
    await second.catalog.fileChanged(fileOf([api('shop')]))
    assert.deepEqual(
      second.catalog.configuration.snapshot.apis.map(({ name, path }) => `${name} ${path}`),
      ['books /books', 'reads /reads', 'shop /shop'],
    )
    assert.deepEqual(await store.read((reading) => second.catalog.drift(reading)), [])
  })

  test('an API whose document the file has taken does not serve by the document of the file', async () => {
    const store = new MemoryStore()
    const first = await openCatalog(store, fileOf([]))
    const changes = [api('admin', { path: '/shop/admin', openapi: 'document:d' }), openapi('d', '/a')]
    done(await first.catalog.publish({ author: ada, message: 'm', base: 0, changes }, anyone))
    const { catalog } = await openCatalog(store, fileOf([api('shop'), openapi('d', '/other')]))
    const closed = catalog.configuration.snapshot.apis.find(({ name }) => name === 'admin')!
    assert.deepEqual([closed.path, closed.routes], ['/shop/admin', []])
    const closedNow = (await store.read((reading) => catalog.drift(reading))).filter(({ what }) => what === 'closed')
    assert.deepEqual(closedNow.map(({ kind, name }) => `${kind}/${name}`).sort(), ['api/admin', 'document/d'])
  })

  test('a place that the file takes is the place of the file', async () => {
    const store = new MemoryStore()
    const first = await openCatalog(store, fileOf([]))
    done(await first.catalog.publish({ author: ada, message: 'm', base: 0, changes: [api('admin', { path: '/shop/admin' })] }, anyone))
    const { catalog } = await openCatalog(store, fileOf([api('shop'), api('taken', { path: '/shop/admin' })]))
    assert.deepEqual(
      catalog.configuration.snapshot.apis.map(({ name, path }) => `${name} ${path}`),
      ['shop /shop', 'taken /shop/admin'],
    )
  })

  test('a place that was allowed and is no longer is closed, not open', async () => {
    const store = new MemoryStore()
    const first = await openCatalog(store, fileOf([], { egress: { allowPrivate: ['10.0.0.0/8'] } }))
    done(
      await first.catalog.publish(
        { author: ada, message: 'm', base: 0, changes: [api('admin', { path: '/shop/admin', upstream: 'http://10.0.0.1' })] },
        anyone,
      ),
    )
    const second = await openCatalog(store, fileOf([api('shop')]))
    const closed = second.catalog.configuration.snapshot.apis.find(({ name }) => name === 'admin')!
    assert.deepEqual([closed.path, closed.routes, closed.anyPath, closed.upstream.host], ['/shop/admin', [], undefined, 'closed.invalid'])
  })

  test('an object that protects an API takes it down with it, be it the API of the file', () => {
    const kinds = [...KINDS.filter(({ kind }) => kind !== 'consumer'), { kind: 'consumer', section: 'consumers', levels: 1 as const, guards: () => ['shop'] }]
    const options = { policies: [], nowMs: 0, cores: 1 }
    const closing = resolveClosing(fileOf([api('shop'), api('other')]), [consumer('patch', 'no-such-api')], options, new ConsoleDocuments(), kinds)
    assert.ok(closing.ok)
    const served = closing.configuration.snapshot.apis.map(({ name, anyPath }) => `${name} ${anyPath ? 'open' : 'closed'}`)
    assert.deepEqual(served, ['other open', 'shop closed'])
    assert.equal(new Set(closing.configuration.snapshot.apis.map(({ hash }) => hash)).size, 2)
  })

  test('an object that brings a fault into the file is closed alone, and the file starts', async () => {
    const store = new MemoryStore()
    const versioned = api('shop', { versioning: { by: 'path' } })
    const version = (name: string): CatalogObject => ({ kind: 'version', name, value: {} })
    const first = await openCatalog(store, fileOf([versioned, version('shop@v1')]))
    const changes = [api('books'), version('shop@v2'), version('shop@v3')]
    done(await first.catalog.publish({ author: ada, message: 'm', base: 1, changes }, anyone))
    await first.catalog.close()
    const { catalog } = await openCatalog(store, fileOf([versioned, version('shop@v1'), api('taken', { path: '/shop/v2' })]))
    assert.deepEqual(
      catalog.configuration.snapshot.apis.map(({ name, path }) => `${name} ${path}`),
      ['books /books', 'shop@v1 /shop/v1', 'shop@v3 /shop/v3', 'taken /shop/v2'],
    )
    const drift = await store.read((reading) => catalog.drift(reading))
    assert.deepEqual(
      drift.map(({ what, name }) => `${what} ${name}`),
      ['closed shop@v2'],
    )
    assert.match(drift[0]!.says, /place-taken/)
  })

  test('more objects than there may be of a kind close those that are too many', () => {
    const lists = Array.from({ length: 1003 }, (_, i) => ({ kind: 'address-list', name: `list${i}`, value: [] }))
    const closing = resolveClosing(fileOf([api('shop')]), lists, { policies: [], nowMs: 0, cores: 1 }, new ConsoleDocuments())
    assert.ok(closing.ok)
    assert.deepEqual(
      closing.closed.map(({ key }) => key),
      ['address-list/list1000', 'address-list/list1001', 'address-list/list1002'],
    )
    assert.deepEqual(
      closing.configuration.snapshot.apis.map(({ name, anyPath }) => [name, anyPath !== undefined]),
      [['shop', true]],
    )
  })

  test('faults of the file alone start nothing', async () => {
    await assert.rejects(openCatalog(new MemoryStore(), fileOf([api('shop', { path: 'no' })])), /bad-path/)
  })
})
