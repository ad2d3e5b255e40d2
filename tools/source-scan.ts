// Reads a TypeScript source just far enough to tell code from comments and strings, so that rules about code do not trip over words in prose.

export interface ScannedSource {
  /** The source with comments, the contents of strings and of regular expressions blanked; offsets and lines are the original's. */
  readonly code: string
  /** What is imported, exported from, imported dynamically or named by `new URL(..., import.meta.url)`. */
  readonly imports: readonly ImportSite[]
  /** String literals without holes. */
  readonly strings: readonly { readonly text: string; readonly line: number }[]
}
export interface ImportSite {
  readonly specifier: string
  readonly line: number
  /** What stands between `import` or `export` and `from`: the names taken. Empty where there is none. */
  readonly clause: string
}

/** After these, a slash begins a regular expression; after any other word or closing bracket it divides. */
const BEFORE_EXPRESSION = /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$|[=(,;:?!&|+\-*%<>~^[{}]$|=>$|^$/

/** Where the piece that begins at `at` ends, and what of it is blanked. */
interface Piece {
  readonly end: number
  readonly keep: number
}

export function scanSource(source: string): ScannedSource {
  const strings: { text: string; start: number }[] = []
  let code = ''
  /** For each template that is open: how many braces are open inside its present hole. */
  const holes: number[] = []
  const blank = (from: number, to: number): void => {
    code += source.slice(from, to).replace(/[^\n]/g, ' ')
  }
  const take = ({ end, keep }: Piece, at: number): number => {
    code += source.slice(at, at + keep)
    blank(at + keep, Math.max(at + keep, end - keep))
    code += source.slice(Math.max(at + keep, end - keep), end)
    return end
  }
  let at = 0
  while (at < source.length) {
    const char = source[at]!
    const two = source.slice(at, at + 2)
    if (two === '//' || (two === '#!' && at === 0)) at = take({ end: endOf(source, '\n', at), keep: 0 }, at)
    else if (two === '/*') at = take({ end: endOf(source, '*/', at + 2), keep: 0 }, at)
    else if (char === "'" || char === '"') {
      const end = endOfQuoted(source, at)
      strings.push({ text: source.slice(at + 1, end - 1), start: at })
      at = take({ end, keep: 1 }, at)
    } else if (char === '`' || (char === '}' && holes.at(-1) === 0)) {
      const fromHole = char === '}'
      if (fromHole) holes.pop()
      const end = endOfTemplatePart(source, at)
      const opensHole = source[end - 1] === '{'
      if (opensHole) holes.push(0)
      if (!fromHole && !opensHole) strings.push({ text: source.slice(at + 1, end - 1), start: at })
      at = take({ end, keep: 1 }, at)
    } else if (char === '/' && BEFORE_EXPRESSION.test(code.slice(-20).trimEnd())) at = take({ end: endOfRegex(source, at), keep: 1 }, at)
    else {
      if (holes.length > 0 && char === '{') holes[holes.length - 1]!++
      if (holes.length > 0 && char === '}') holes[holes.length - 1]!--
      code += char
      at++
    }
  }
  const lineAt = (offset: number): number => source.slice(0, offset).split('\n').length
  const textAt = new Map(strings.map(({ text, start }) => [start, text]))
  return {
    code,
    imports: importSites(code, textAt).flatMap((start) =>
      textAt.has(start) ? [{ specifier: textAt.get(start)!, line: lineAt(start), clause: clauseBefore(code, start) }] : [],
    ),
    strings: strings.map(({ text, start }) => ({ text, line: lineAt(start) })),
  }
}

/** Offsets of the quotes that open a module's name. A URL below this file is one when it ends like a module: a worker's file; a folder of data is none. */
function importSites(code: string, textAt: ReadonlyMap<number, string>): number[] {
  const before = [
    /\bfrom\s*(?=['"])/g,
    /\bimport\s*(?=['"])/g,
    /\bimport\s*\(\s*(?=['"`])/g,
    /\bnew\s+URL\s*\(\s*(?=['"`][^'"`]*['"`]\s*,\s*import\s*\.\s*meta\s*\.\s*url)/g,
  ]
  return before
    .flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match.index + match[0].length))
    .filter((start) => !/new\s+URL\s*\(\s*$/.test(code.slice(0, start)) || /\.[cm]?[jt]s$/.test(textAt.get(start) ?? ''))
    .sort((a, b) => a - b)
}

const clauseBefore = (code: string, start: number): string => /\b(?:import|export)\b([^;'"`]*)\bfrom\s*$/.exec(code.slice(0, start))?.[1]?.trim() ?? ''

function endOf(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from)
  // A line comment leaves its line feed to the code; a block comment takes its end with it.
  return found === -1 ? source.length : mark === '\n' ? found : found + mark.length
}

function endOfQuoted(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === source[start] || source[at] === '\n') return at + 1
  }
  return source.length
}

/** Ends after the closing backtick or after the brace that opens a hole. */
function endOfTemplatePart(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === '`') return at + 1
    else if (source[at] === '$' && source[at + 1] === '{') return at + 2
  }
  return source.length
}

function endOfRegex(source: string, start: number): number {
  let inClass = false
  for (let at = start + 1; at < source.length; at++) {
    const char = source[at]
    if (char === '\\') at++
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '\n' || (char === '/' && !inClass)) return at + 1
  }
  return source.length
}
