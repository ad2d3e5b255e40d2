// Gives a copy of the quickstart ports of its own, so that tests do not meet one that someone runs.
import { readFileSync, writeFileSync } from 'node:fs'
import { freePorts } from './running-program.ts'

export interface QuickstartPorts {
  readonly gateway: number
  readonly control: number
  readonly bookshop: number
}

/** Rewrites the three ports in the given gatehouse.yaml. */
export async function movePorts(file: string): Promise<QuickstartPorts> {
  const [gateway, control, bookshop] = (await freePorts(3)) as [number, number, number]
  let text = readFileSync(file, 'utf8')
  for (const [from, to] of [
    ['8080', gateway],
    ['8081', control],
    ['9001', bookshop],
  ] as const) {
    if (!text.includes(`127.0.0.1:${from}`)) throw new Error(`${file} does not name port ${from}`)
    text = text.replaceAll(`127.0.0.1:${from}`, `127.0.0.1:${to}`)
  }
  writeFileSync(file, text)
  return { gateway, control, bookshop }
}
