// Loads the text of a policy as a module, under a name that its digest is part of: from what was read, whatever the disk says by now.
import { type LoadHookContext, type ResolveHookContext, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

/** The text of a policy, ready to be loaded on any thread. */
export interface PolicyModules {
  /** Of the file that the configuration names. */
  readonly url: string
  /** Its text and those of what it imports from its folder, by URL. */
  readonly texts: readonly (readonly [url: string, text: string])[]
}

export const MARK = 'gatehouse'
const BY_MARK = /\?gatehouse=[0-9a-f]{64}$/

export function policyModules(file: string, texts: ReadonlyMap<string, string>, digest: string): PolicyModules {
  const named = (path: string): string => `${pathToFileURL(path).href}?${MARK}=${digest}`
  return { url: named(file), texts: [...texts].map(([path, text]) => [named(path), text]) }
}

const known = new Map<string, string>()
let isHooked = false

/** What the file exports by default. Rejects with what the text has against it. */
export async function loadModule({ url, texts }: PolicyModules): Promise<unknown> {
  for (const [name, text] of texts) known.set(name, text)
  hookModules()
  try {
    const { default: exported } = (await import(url)) as { readonly default?: unknown }
    return exported
  } finally {
    // Evaluated: the text is not needed again.
    for (const [name] of texts) known.delete(name)
  }
}

/** From now on this thread knows `gatehouse/policy`. */
export function hookModules(): void {
  if (isHooked) return
  isHooked = true
  registerHooks({ resolve, load })
}

type Resolved = ReturnType<Parameters<typeof registerHooks>[0]['resolve'] & {}>
type Loaded = ReturnType<Parameters<typeof registerHooks>[0]['load'] & {}>

/** There is one `gatehouse/policy` in a process, that of the program: a second one would have slots of its own. */
function resolve(specifier: string, context: ResolveHookContext, next: (specifier: string, context?: Partial<ResolveHookContext>) => Resolved): Resolved {
  const own = PUBLIC.get(specifier)
  if (own !== undefined) return { url: own, shortCircuit: true }
  if (BY_MARK.test(specifier)) return { url: specifier, shortCircuit: true }
  const parent = context.parentURL
  if (parent === undefined || !BY_MARK.test(parent)) return next(specifier, context)
  if (/^(?:\.{0,2}\/|file:|data:|https?:)/.test(specifier)) {
    const url = new URL(specifier, parent)
    url.search = new URL(parent).search
    if (!specifier.startsWith('.') || !known.has(url.href))
      throw new Error(
        `'${specifier}' was not read with the policy: it may import files beside it or below by './NAME.ts', gatehouse/policy, node: and packages`,
      )
    return { url: url.href, shortCircuit: true }
  }
  return next(specifier, context)
}

function load(url: string, context: LoadHookContext, next: (url: string, context?: Partial<LoadHookContext>) => Loaded): Loaded {
  const text = known.get(url)
  if (text === undefined) return next(url, context)
  return { format: /\.m?ts\?/.test(url) ? 'module-typescript' : 'module', source: text, shortCircuit: true }
}

const beside = (name: string): string => new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url).href
const PUBLIC: ReadonlyMap<string, string> = new Map([
  ['gatehouse/policy', beside('public')],
  ['gatehouse/policy/testing', beside('testing')],
])
