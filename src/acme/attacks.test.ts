// What an ACME server that was taken over, or somebody in its place, could try: lead requests elsewhere, hold us up, fill us, have us show what is not ours.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { after, afterEach, before, describe, it } from 'node:test'
import { type AcmeHouse, acmeHouse, NAME } from '../../test/support/acme-house.ts'
import { problem, type Step, type Trouble } from '../../test/support/acme-server.ts'
import { accounts } from './records.ts'

const DAY = 86_400_000
let house: AcmeHouse
afterEach(async () => house.close())

/** Answers a request honestly, but for what `turn` makes of the JSON of its answer and of its fields. */
function altered(step: Step, turn: (body: Record<string, unknown>, fields: Record<string, string>) => void): void {
  house.acme.trouble(step, {
    async answer(_, response, honest) {
      const fields: Record<string, string> = {}
      const { writeHead, end } = response
      let status = 200
      response.writeHead = ((code: number, given: Record<string, string>) => {
        status = code
        Object.assign(fields, given)
        return response
      }) as ServerResponse['writeHead']
      response.end = ((text: string | undefined) => {
        const body = text?.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
        turn(body, fields)
        writeHead.call(response, status, fields)
        return end.call(response, text?.startsWith('{') ? JSON.stringify(body) : text, 'utf8')
      }) as ServerResponse['end']
      await honest()
    },
  })
}
async function refused(says: RegExp): Promise<void> {
  await house.settle()
  assert.equal(await house.certificate(), undefined)
  assert.match(house.warned.join('\n'), says)
  assert.equal(house.holdings.find(NAME), undefined)
}

describe('a server that names other places', () => {
  let canary: Server
  let visited = 0
  before(async () => {
    canary = createServer((socket) => {
      visited++
      socket.destroy()
    }).listen(0, '127.0.0.1')
    await once(canary, 'listening')
  })
  after(() => canary.close())

  const places = (): readonly string[] => {
    const { port } = canary.address() as AddressInfo
    return [
      `http://127.0.0.1:${port}/`,
      `https://127.0.0.1:${port}/`,
      `https://localhost:${port}/`,
      'https://169.254.169.254/latest/',
      'https://[::1]:443/',
      'file:///etc/passwd',
      'https:/\\127.0.0.1/',
      '//elsewhere.example/',
      '',
      `https://127.0.0.1:${'9'.repeat(3000)}/`,
    ]
  }
  const spots: readonly (readonly [name: string, step: Step, turn: (body: Record<string, unknown>, fields: Record<string, string>, place: string) => void])[] =
    [
      ['newNonce', 'directory', (body, _, place) => (body['newNonce'] = place)],
      ['newAccount', 'directory', (body, _, place) => (body['newAccount'] = place)],
      ['newOrder', 'directory', (body, _, place) => (body['newOrder'] = place)],
      ['renewalInfo', 'directory', (body, _, place) => (body['renewalInfo'] = place)],
      ['the account', 'newAccount', (_, fields, place) => (fields['Location'] = place)],
      ['the order', 'newOrder', (_, fields, place) => (fields['Location'] = place)],
      ['the authorization', 'newOrder', (body, _, place) => (body['authorizations'] = [place])],
      ['finalize', 'newOrder', (body, _, place) => (body['finalize'] = place)],
      [
        'the challenge',
        'authorization',
        (body, _, place) => {
          for (const challenge of body['challenges'] as { url: string }[]) challenge.url = place
        },
      ],
      ['the certificate', 'finalize', (body, _, place) => (body['certificate'] = place)],
    ]
  for (const [name, step, turn] of spots)
    it(`for ${name} is asked there for nothing`, async () => {
      house = await acmeHouse()
      for (const place of places()) {
        altered(step, (body, fields) => turn(body, fields, place))
        await refused(/leads to another server|is not https|is no URL/)
        house.clock.advanceMs(DAY)
        // The account is made once.
        await house.store.write(async (writing) => {
          for (const { key } of await writing.scan(accounts, { limit: 10 })) writing.remove(accounts, key)
        })
      }
      assert.deepEqual([visited, house.warned.length], [0, places().length])
    })
  assert.equal(spots.length, 10)

  it('by a redirect is not followed', async () => {
    house = await acmeHouse()
    const to = `https://127.0.0.1:${(canary.address() as AddressInfo).port}/`
    for (const step of ['directory', 'newOrder'] as const) {
      house.acme.trouble(step, { answer: (_, response) => response.writeHead(step === 'directory' ? 302 : 307, { Location: to }).end() })
      await refused(/refused: status 30[27]/)
      house.clock.advanceMs(DAY)
    }
    assert.equal(visited, 0)
    await house.settle()
    assert.ok(await house.certificate())
  })

  it('that stands in a private network is not reached where the operator did not say so', async () => {
    house = await acmeHouse({ allowPrivate: [] })
    await refused(/egress\.allowPrivate/)
    assert.deepEqual(house.acme.asked, [])
  })
})

describe('a server that holds us up', () => {
  it('with more octets than anybody needs is not read to the end', async () => {
    for (const step of ['directory', 'newOrder', 'certificate'] as const) {
      house = await acmeHouse()
      house.acme.trouble(step, { answer: (_, response) => response.end(Buffer.alloc(4 * 1024 * 1024, 32)) })
      await refused(/more than 262144 octets|broke off/)
      await house.close()
    }
    house = await acmeHouse()
  })

  it('with silence is waited for no longer than half a minute a request', async () => {
    const given: number[] = []
    house = await acmeHouse({
      egress: (own) => ({
        fetch(request) {
          given.push(request.timeoutMs)
          return own.fetch({ ...request, timeoutMs: 500 })
        },
      }),
    })
    house.acme.trouble('newOrder', { answer: () => {} })
    await refused(/is too slow/)
    assert.ok(given.length > 0 && given.every((ms) => ms <= 30_000))
  })

  it('with an order, or a proof, that never comes to an end is asked some thirty times in five minutes, and left alone then', async () => {
    house = await acmeHouse({ processing: Number.POSITIVE_INFINITY })
    const startMs = house.nowMs()
    await refused(/did not come to an end in time/)
    assert.ok(house.nowMs() - startMs <= 5 * 60_000)
    assert.ok(house.acme.asked.filter((step) => step === 'order').length < 40)
    assert.equal((await house.state())!.failures, 1)
  })

  it('with slow answers and stale nonces is spoken to for no longer than a name is held', async () => {
    house = await acmeHouse({
      egress: (own) => ({
        fetch(request) {
          house.clock.advanceMs(Math.min(29_000, request.timeoutMs))
          return own.fetch({ ...request, timeoutMs: 10_000 })
        },
      }),
    })
    house.acme.trouble('newAccount', ...Array<Trouble>(9).fill(problem('badNonce')))
    house.acme.trouble('newOrder', ...Array<Trouble>(9).fill(problem('badNonce')))
    const startMs = house.nowMs()
    await refused(/did not come to an end in time/)
    assert.equal(house.nowMs() - startMs, 5 * 60_000)
  })

  it('by asking to be left alone for ten years is left alone for a week, and what is no time is none', async () => {
    for (const [retryAfter, most] of [
      ['315360000', 7 * DAY],
      ['Tue, 24 Nov 2099 00:00:00 GMT', 7 * DAY],
      ['-5', 5 * 60_000],
      ['soon', 5 * 60_000],
      ['1e99', 5 * 60_000],
    ] as const) {
      house = await acmeHouse()
      house.acme.trouble('newOrder', { problem: 'rateLimited', status: 429, retryAfter })
      await refused(/rateLimited/)
      const rest = (await house.state())!.nextMs - house.nowMs()
      assert.ok(rest > 60_000 && rest <= most + 60_000, `${retryAfter}: ${rest}`)
      await house.close()
    }
    house = await acmeHouse()
  })

  it('with nonces that are none', async () => {
    house = await acmeHouse()
    for (const step of ['directory', 'newNonce'] as const) altered(step, (_, fields) => (fields['Replay-Nonce'] = 'a b"\u00e9'))
    await refused(/gives no nonce/)
  })
})

describe('a server that lies', () => {
  for (const [wrong, says] of [
    ['name', /it is for other names/],
    ['key', /not that of the certificate/],
    ['expired', /it has expired/],
    ['text', /no certificate in PEM form/],
    ['authority', /it is that of an authority/],
  ] as const)
    it(`about a certificate (${wrong}) is not believed, and the next try begins anew`, async () => {
      let isWrong = true
      house = await acmeHouse({ wrong: () => (isWrong ? wrong : undefined) })
      await refused(says)
      assert.equal(house.events.at(-1)!.code, 'acme.bad-certificate')
      isWrong = false
      house.clock.advanceMs(DAY)
      await house.settle()
      assert.deepEqual([house.acme.orders.length, house.holdings.find(NAME)!.names], [2, [NAME]])
    })

  it('about what is to be proved makes us answer for no other name and no other path', async () => {
    for (const turn of [
      (body: Record<string, unknown>) => (body['identifier'] = { type: 'dns', value: 'bank.example' }),
      (body: Record<string, unknown>) => (body['identifier'] = { type: 'ip', value: NAME }),
      (body: Record<string, unknown>) => (body['identifier'] = NAME),
    ]) {
      house = await acmeHouse()
      altered('authorization', turn)
      await refused(/for another name/)
      assert.equal(house.node.handed, 0)
      await house.close()
    }
    for (const token of ['../../admin', 'short', '', 'a'.repeat(600), 'evil token with spaces in it', '<script>alert(1)</script>xx', 7]) {
      house = await acmeHouse()
      altered('authorization', (body) => {
        for (const challenge of body['challenges'] as { token: unknown }[]) challenge.token = token
      })
      await refused(/the token of the challenge is none/)
      assert.equal(house.node.handed, 0)
      await house.close()
    }
    house = await acmeHouse()
  })

  it('in its messages writes nothing of its own into the log, and no more than a few hundred characters', async () => {
    house = await acmeHouse()
    const detail = `\u001b[2J\nready\n\u2028${'x'.repeat(5000)}`
    house.acme.trouble('newOrder', {
      answer: (_, response) =>
        response.writeHead(400, { 'Content-Type': 'application/problem+json' }).end(JSON.stringify({ type: 'urn:ietf:params:acme:error:\u001bevil', detail })),
    })
    await refused(/ordering was refused/)
    assert.doesNotMatch(house.warned[0]!, /[\x00-\x1f\x7f-\x9f\u2028]/)
    assert.ok(house.warned[0]!.length < 1200)
  })

  it('with what is no JSON, or has another form, is a failure like any other', async () => {
    for (const body of ['', 'null', '[]', '"x"', '{"newOrder":{}}', '<html>', '{"newNonce":1,"newAccount":[],"newOrder":null}']) {
      house = await acmeHouse()
      house.acme.trouble('directory', { answer: (_, response) => response.end(body) })
      await refused(/is no URL/)
      await house.close()
    }
    for (const turn of [
      (body: Record<string, unknown>) => (body['status'] = 'fine'),
      (body: Record<string, unknown>) => (body['authorizations'] = []),
      (body: Record<string, unknown>) => (body['authorizations'] = Array(100).fill((body['authorizations'] as string[])[0])),
      (body: Record<string, unknown>) => delete body['finalize'],
    ]) {
      house = await acmeHouse()
      altered('newOrder', turn)
      await refused(/status that RFC 8555 does not know|has one authorization|is no URL/)
      await house.close()
    }
    house = await acmeHouse()
  })
})
