// Looks through every file of a folder for what a private key would leave behind: its secret number in octets, hex and base64, wherever it is cut.
import { createPrivateKey } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const WINDOW_OCTETS = 15

/** Texts of single octets (latin1), none of which stands in a file that does not hold the key. The public half is left out: certificates show it. */
export function tracesOf(pem: string): readonly string[] {
  const { d, p, q } = createPrivateKey(pem).export({ format: 'jwk' })
  return [d, p, q].flatMap((number) => {
    if (number === undefined) return []
    const octets = Buffer.from(number, 'base64url')
    // A line of PEM ends somewhere: of two places in it one is whole.
    return [0, octets.length - WINDOW_OCTETS - 2].flatMap((start) => {
      const window = octets.subarray(start, start + WINDOW_OCTETS)
      const base64 = [0, 1, 2].flatMap((shift) => {
        const shifted = octets.subarray(start + shift, start + shift + WINDOW_OCTETS)
        return [shifted.toString('base64'), shifted.toString('base64url')]
      })
      return [window.toString('latin1'), window.toString('hex'), window.toString('hex').toUpperCase(), ...base64]
    })
  })
}

/** The files below a folder, of which `leftOut` names those that hold the key by right, that show a trace; and how many were looked at. */
export function filesShowing(
  folder: string,
  traces: readonly string[],
  leftOut: readonly string[] = [],
): { readonly showing: string[]; readonly looked: number } {
  const showing: string[] = []
  let looked = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (!entry.isFile() || leftOut.includes(file)) continue
    looked++
    const content = readFileSync(file, 'latin1')
    if (traces.some((trace) => content.includes(trace))) showing.push(file)
  }
  return { showing, looked }
}
