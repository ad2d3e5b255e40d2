// What one would write into files, names and answers that the command line reads, to write on the terminal of whoever runs it.

export interface CommandAttack {
  readonly name: string
  /** `FOLDER` stands for where the files are, `URL` for a Gatehouse that answers with whatever it likes. */
  readonly args: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  readonly code: number
  /** What must be told all the same. */
  readonly tells: RegExp
}
/** Clears a screen, sets a title, changes colours by one octet, and writes from right to left. */
export const EVIL = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e'
const inYaml = '\\u001b[2J\\u001b]0;owned\\u0007\\u009b31m\\u202e'
const paths = (...lines: readonly string[]): string =>
  `openapi: 3.1.0\ninfo: { title: x, version: "1" }\npaths:\n${lines.map((line) => `  ${line}\n`).join('')}`
const answers = 'responses: { "200": { description: ok } }'
const asked = ['--url', 'URL', '--token-file', 'FOLDER/token'] as const
const token = { token: 'x'.repeat(43) }

export const commandAttacks: readonly CommandAttack[] = [
  {
    name: 'a path of somebody’s OpenAPI document',
    args: ['compare', 'FOLDER/old.yaml', 'FOLDER/new.yaml'],
    files: { 'old.yaml': paths(`"/a${inYaml}": { get: { ${answers} } }`, `/b: { get: { ${answers} } }`), 'new.yaml': paths(`/b: { get: { ${answers} } }`) },
    code: 1,
    tells: /path-removed/,
  },
  {
    name: 'a key of a configuration',
    args: ['check', 'FOLDER/a.yaml'],
    files: { 'a.yaml': `gatehouse: 1\n"k${inYaml}": 1\napis: { "a${inYaml}": { path: "/x", upstream: "http://${inYaml}" } }\n` },
    code: 1,
    tells: /unknown-key/,
  },
  { name: 'the text of a configuration', args: ['check', 'FOLDER/b.yaml'], files: { 'b.yaml': `gatehouse: 1\n${EVIL}: [\n` }, code: 1, tells: /yaml-syntax/ },
  { name: 'the name of a file', args: ['check', `FOLDER/${EVIL}.yaml`], code: 1, tells: /file-missing/ },
  { name: 'the name of a command', args: [EVIL], code: 2, tells: /unknown command/ },
  { name: 'the name of an option', args: ['check', `--${EVIL}`], code: 2, tells: /Unknown option/ },
  {
    name: 'a line of a trail',
    args: ['trail', 'verify', 'FOLDER/t.jsonl'],
    files: { 't.jsonl': `{"entry":"${inYaml}","kind":"${EVIL}"}\n` },
    code: 1,
    tells: /not-canonical/,
  },
  { name: 'a key to verify with', args: ['trail', 'verify', 'FOLDER/t.jsonl', '--key', `FOLDER/${EVIL}`], code: 2, tells: /neither a key nor a file/ },
  {
    name: 'the detail of a refusal',
    args: ['diff', 'FOLDER/c.yaml', ...asked],
    files: { ...token, 'c.yaml': 'gatehouse: 1\napis: {}\n' },
    code: 1,
    tells: /refused/,
  },
  { name: 'the same, of an export', args: ['export', ...asked], files: token, code: 1, tells: /refused/ },
  { name: 'the output of an export', args: ['export', ...asked, '--output', `FOLDER/${EVIL}/x`], files: token, code: 1, tells: /refused/ },
  {
    name: 'an address that is none',
    args: ['export', '--url', `http://127.0.0.1:1/${EVIL}`, '--token-file', 'FOLDER/token'],
    files: token,
    code: 2,
    tells: /--url/,
  },
  { name: 'the name of a token', args: ['export', '--url', 'URL', '--token-file', `FOLDER/${EVIL}`], code: 2, tells: /cannot be read/ },
  { name: 'a back-up that is none', args: ['restore', `FOLDER/${EVIL}.db`], code: 2, tells: /gatehouse/ },
]
