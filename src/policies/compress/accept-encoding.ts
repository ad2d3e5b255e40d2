// Which content coding a caller wants, by RFC 9110 12.5.3.

/** The codings that the gateway can make. */
export const CODINGS = ['zstd', 'br', 'gzip'] as const
export type Coding = (typeof CODINGS)[number]

/** RFC 9110 12.4.2: at most three digits behind the point, and nothing above 1. */
const WEIGHT = /^[ \t]*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*$/
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** A longer list is nobody's. */
const ITEMS_MAX = 32

/**
 * The first of `offered` among those that are wanted most; undefined: none, the body stays as it is. What cannot be read as the standard writes it asks for
 * nothing. Without the field any coding would be acceptable; but who does not say that it can read one often cannot.
 */
export function chooseCoding(values: readonly string[], offered: readonly Coding[]): Coding | undefined {
  const weights = readWeights(values)
  if (weights === undefined) return undefined
  const any = weights.get('*')
  // "x-gzip" means the same (RFC 9110 8.4.1.3).
  const weightOf = (coding: Coding): number => weights.get(coding) ?? (coding === 'gzip' ? weights.get('x-gzip') : undefined) ?? any ?? 0
  let best: Coding | undefined
  let most = 0
  for (const coding of offered) {
    const weight = weightOf(coding)
    if (weight <= most) continue
    best = coding
    most = weight
  }
  // Where identity is wanted more, it is what is wanted.
  return (weights.get('identity') ?? 0) > most ? undefined : best
}

function readWeights(values: readonly string[]): ReadonlyMap<string, number> | undefined {
  const weights = new Map<string, number>()
  const items = values.join(',').split(',')
  if (items.length > ITEMS_MAX) return undefined
  for (const item of items) {
    // RFC 9110 5.6.1.2: empty items mean nothing.
    if (item.trim() === '') continue
    const [name, weight, ...more] = item.split(';')
    const coding = name!.trim().toLowerCase()
    const q = weight === undefined ? 1 : Number(WEIGHT.exec(weight)?.[1] ?? Number.NaN)
    if (!TOKEN.test(coding) || Number.isNaN(q) || more.length > 0) return undefined
    // Said twice: the smaller one, so that nobody gets what it excluded.
    weights.set(coding, Math.min(q, weights.get(coding) ?? 1))
  }
  return weights
}
