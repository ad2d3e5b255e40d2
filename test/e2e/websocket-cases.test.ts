// Through the real gateway, in clear, over TLS and over HTTP/2: what is sound passes unchanged, what is not closes both sides with its code.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Made, makeCertificate } from '../support/certificate-maker.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { metric } from '../support/load-client.ts'
import { freePorts } from '../support/running-program.ts'
import { CASE_LIMITS, type WebsocketCase, websocketCases } from '../support/websocket-cases.ts'
import { openWebsocket, openWebsocketStream, startWebsocketUpstream, type WebsocketEnd, type WebsocketUpstream } from '../support/websocket-ends.ts'
import { CLOSE, closing, codeOf, frame, MASK, readFrames } from '../support/websocket-frames.ts'

const octets = (count: number): string => `${count}B`

describe('WebSocket, case by case', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-websocket-'))
  let authority: Made
  let upstream: WebsocketUpstream
  let gateway: RunningGateway
  let securePort = 0
  before(async () => {
    authority = await makeCertificate({ subject: 'CN=authority', authority: true })
    const made = await makeCertificate({ subject: 'CN=gateway', names: ['gateway.example'], issuer: authority })
    writeFileSync(join(folder, 'cert.pem'), made.certificate)
    writeFileSync(join(folder, 'key.pem'), made.key, { mode: 0o600 })
    upstream = await startWebsocketUpstream()
    const [port, secure] = (await freePorts(2)) as [number, number]
    securePort = secure
    const { frameBytes, messageBytes } = CASE_LIMITS
    gateway = await startGateway(
      {
        gateway: {
          listen: [
            { address: `http://127.0.0.1:${port}`, https: 'off' },
            { address: `https://127.0.0.1:${secure}`, tls: { certificates: [{ cert: 'cert.pem', key: 'key.pem' }] } },
          ],
        },
        apis: {
          live: {
            path: '/',
            upstream: `http://127.0.0.1:${upstream.port}`,
            public: true,
            websocket: { message: octets(messageBytes), frame: octets(frameBytes), upstreamMessage: octets(messageBytes) },
          },
        },
      },
      { threads: 1, folder },
    )
    clearPort = port
  })
  let clearPort = 0
  after(async () => {
    await gateway?.stop()
    upstream?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const ways: readonly (readonly [name: string, open: () => Promise<WebsocketEnd>])[] = [
    ['in clear', () => openWebsocket(clearPort)],
    ['over TLS', () => openWebsocket(securePort, { authority: authority.certificate })],
    ['over HTTP/2', () => openWebsocketStream(securePort, { authority: authority.certificate })],
  ]
  async function play(open: () => Promise<WebsocketEnd>, from: 'client' | 'upstream', each: WebsocketCase): Promise<void> {
    const [client, far] = await Promise.all([open(), upstream.next()])
    assert.match(client.head, /^(?:HTTP\/1\.1 101 |:status: 200\r\n)/)
    const [sender, taker] = from === 'client' ? [client, far] : [far, client]
    const sound = Buffer.concat(each.sound)
    sender.send(Buffer.concat([...each.sound, ...(each.wrong ? [each.wrong.octets] : [])]))
    if (each.wrong) {
      const [told, heard] = await Promise.all([sender.untilEnd(), taker.untilEnd()])
      assert.ok(heard.subarray(0, sound.length).equals(sound), 'what was sound did not come unchanged')
      for (const [side, end] of [
        [told, sender],
        [heard.subarray(sound.length), taker],
      ] as const) {
        const { frames, rest } = readFrames(side)
        assert.deepEqual([frames.length, rest.length, frames[0]?.opcode], [1, 0, CLOSE])
        assert.equal(codeOf(frames[0]!), each.wrong.code)
        // RFC 6455 5.1: to the upstream the gateway is a client.
        assert.equal(frames[0]!.masked, end === far)
      }
    } else if (each.closes) {
      assert.ok((await taker.atLeast(sound.length)).equals(sound))
      const reply = frame(closing(1000), { opcode: CLOSE, mask: from === 'client' ? undefined : MASK })
      taker.send(reply)
      assert.ok((await sender.untilEnd()).equals(reply))
      await taker.untilEnd()
    } else assert.ok((await taker.atLeast(sound.length)).equals(sound))
    client.stream.destroy()
    far.stream.destroy()
  }

  for (const [way, open] of ways) {
    for (const from of ['client', 'upstream'] as const) {
      test(`${way}, from the ${from}`, async () => {
        const cases = websocketCases(from === 'client' ? MASK : undefined)
        assert.ok(cases.length >= 120)
        const wrong: string[] = []
        for (const each of cases) {
          await play(open, from, each).catch((cause: Error) => wrong.push(`${each.name}: ${cause.message}`))
        }
        assert.deepEqual(wrong, [])
      })
    }
  }

  test('each is told apart in the metrics', async () => {
    const page = await gateway.metrics()
    for (const code of ['websocket.invalid', 'websocket.too-big', 'upstream.invalid'])
      assert.ok(metric(page, 'gatehouse_refusals_total', `code="${code}"`) > 3, code)
    assert.equal(metric(page, 'gatehouse_refusals_total', 'code="gateway.broken"'), 0)
  })
})
