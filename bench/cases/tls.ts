// TLS beside nginx: requests over kept connections, handshakes in full and resumed, each for TLS 1.2 and 1.3; and HTTP/2.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCertificate, SERVER_AUTH } from '../../test/support/certificate-maker.ts'
import { runFolder } from '../children.ts'
import { sendStreams } from '../h2load.ts'
import { sendHandshakes } from '../handshakes.ts'
import type { TlsVersion, Work } from '../work.ts'
import { type Case, loadCase } from './case.ts'

let files: Promise<Omit<NonNullable<Work['tls']>, 'version'>> | undefined

/** One ECDSA certificate for all proxies of a run. */
async function makeFiles(): Promise<Omit<NonNullable<Work['tls']>, 'version'>> {
  const issuer = await makeCertificate({ subject: 'CN=bench authority', authority: true })
  const made = await makeCertificate({ subject: 'CN=bench', addresses: ['127.0.0.1'], issuer, purposes: [SERVER_AUTH] })
  const [certificate, key] = [join(runFolder(), 'tls.pem'), join(runFolder(), 'tls.key')]
  writeFileSync(certificate, made.certificate, { mode: 0o600 })
  writeFileSync(key, made.key, { mode: 0o600 })
  return { certificate, key, authority: issuer.certificate }
}

/** GET, answer of 1 KB, as in `plain-get`. */
export const tlsWork = async (version: TlsVersion): Promise<Work> => ({
  routes: [{ prefix: '/shop', templates: null }],
  deny: [],
  keys: [],
  limit: null,
  log: false,
  calls: [{ method: 'GET', prefix: '/shop', path: '/books/42', key: null, body: null }],
  tls: { version, ...(await (files ??= makeFiles())) },
})

const kinds = [
  { name: 'get', says: 'GET over kept connections', goal: 1.25, send: undefined },
  { name: 'full', says: 'a connection for each GET, shaken hands in full (ECDSA P-256, X25519)', goal: 1.5, send: sendHandshakes(false) },
  { name: 'resumed', says: 'a connection for each GET, its session resumed by ticket', goal: 1.8, send: sendHandshakes(true) },
] as const

export const tlsCases: readonly Case[] = kinds.flatMap(({ name, says, goal, send }) =>
  (['1.2', '1.3'] as const).map((version) =>
    loadCase({ name: `tls-${name}-${version.replace('.', '')}`, says: `TLS ${version}: ${says}`, work: () => tlsWork(version), goal, send }),
  ),
)

export const http2Get = loadCase({
  name: 'http2-get',
  says: 'TLS 1.3 and HTTP/2: GET on ten streams of each kept connection, to an upstream of HTTP/1.1',
  work: async () => ({ ...(await tlsWork('1.3')), http2: true }),
  goal: 2,
  send: sendStreams,
})
