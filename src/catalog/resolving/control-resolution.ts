// Makes the settings of the control listener out of its section: its certificates, and where people reach it.
import type { Fault } from '../../base/fault.ts'
import { parseIp } from '../../base/ip.ts'
import { isLoopback } from '../../base/network-range.ts'
import type { Listener } from '../../model/snapshot.ts'
import type { ControlSection } from '../sections/listener.ts'
import { type CertificateFiles, readTls } from './listener-certificates.ts'

export interface ControlSettings extends Omit<ControlSection, 'listen'> {
  readonly listen: Listener
}
export interface ControlReading {
  readonly control: ControlSettings
  readonly faults: readonly Fault[]
  readonly notices: readonly Fault[]
}

export function readControl({ listen, ...rest }: ControlSection, files: CertificateFiles): ControlReading {
  const { host, port } = listen
  const reading = listen.tls && readTls(listen.tls, ['control', 'listen', 'tls'], files)
  const own: Listener = { host, port, ...(reading && { tls: reading.tls }) }
  return { control: { ...rest, listen: own }, faults: reading?.faults ?? [], notices: reading?.notices ?? [] }
}

/** Where people reach the console, as browsers write it. */
export function consoleOrigin({ origin, listen: { host, port, tls } }: ControlSettings): string {
  if (origin !== undefined) return origin
  if (tls === undefined) return `http://localhost:${port}`
  // The name that its certificate proves: under another one browsers let nobody in. A wildcard is no name to go to.
  const names = tls.certificates.flatMap((certificate) => certificate.names).filter((each) => !each.startsWith('*'))
  const isHere = isLoopback(parseIp(host)!)
  const name = isHere && names.includes('localhost') ? 'localhost' : (names[0] ?? host)
  return new URL(`https://${name.includes(':') ? `[${name}]` : name}:${port}`).origin
}
