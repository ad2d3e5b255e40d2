// What one would put into paths, queries and bodies of the management API to reach or to set what one must not: each with the answer that it must get.

export interface ContentAttack {
  readonly name: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH'
  readonly path: string
  /** Text goes as it is. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Status and code. */
  readonly answer: string
}
const INVALID = '400 management.invalid'
const NOWHERE = '404 management.unknown-path'
const get = (name: string, path: string, answer = INVALID): ContentAttack => ({ name, path, answer })
const post = (name: string, path: string, body: unknown, answer = INVALID): ContentAttack => ({ name, method: 'POST', path, body, answer })
const put = (name: string, path: string, body: unknown, answer = INVALID): ContentAttack => ({ name, method: 'PUT', path, body, answer })
const team = (name: string, body: string, answer = INVALID): ContentAttack => post(name, '/teams', body, answer)
const nested = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth)
const faulty = JSON.stringify({ gatehouse: 1, apis: Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [` ${i}`, {}])) })

export const contentAttacks: readonly ContentAttack[] = [
  get('dot segments that are encoded', '/teams/%2e%2e%2fpeople'),
  get('dot segments that a proxy would take out', '/teams/../people', NOWHERE),
  get('an empty segment', '//teams', NOWHERE),
  get('a slash at the end', '/teams/', NOWHERE),
  get('a matrix parameter', '/teams;role=owner', NOWHERE),
  get('another case of letters', '/TEAMS', NOWHERE),
  get('an encoded letter', '/%74eams', NOWHERE),
  get('an encoded NUL', '/teams/reds%00'),
  get('octets that are no UTF-8', '/teams/%ff%fe'),
  get('half an escape', '/teams/%E0%A4%A'),
  get('a statement of SQL', "/consumers/x'%20OR%20'1'='1"),
  get('the prototype as a kind', '/objects/__proto__/toString'),
  get('a function of every object as a team', '/teams/hasOwnProperty', '404 management.unknown'),
  get('a function of every object as a consumer', '/consumers/toString', '404 management.unknown'),
  get('a function of every object as an API', '/apis/valueOf/versions', '404 management.unknown'),
  get('a function of every object as a role', '/roles/constructor', '404 management.unknown'),
  get('a page without end', '/teams?limit=99999999'),
  get('less than nothing', '/teams?limit=-1'),
  get('a number in another form', '/teams?limit=1e2'),
  get('a parameter twice', '/teams?limit=1&limit=200'),
  get('a parameter that nobody knows', '/teams?all=true'),
  get('a cursor by hand: a path', '/teams?cursor=..%2f..%2fperson'),
  get('a cursor by hand: a NUL', `/teams?cursor=${Buffer.from('a\0b').toString('base64url')}`),
  get('a cursor by hand: longer than a key', `/teams?cursor=${'A'.repeat(701)}`),
  get('the prototype in the query', '/teams?__proto__=1'),
  get('an entry of the trail before the first', '/trail/entries/-1'),
  get('an entry of the trail beyond all numbers', '/trail/entries/99999999999999999999'),

  team('a key twice: the later one for the check, the earlier one for the act', '{"name":"a","name":"b"}'),
  team('a key twice, once escaped', '{"name":"a","n\\u0061me":"b"}'),
  team('the prototype', '{"name":"a","__proto__":{"title":"x"}}'),
  team('the constructor', '{"name":"a","constructor":{"prototype":{"title":"x"}}}'),
  team('a byte order mark', '\ufeff{"name":"a"}'),
  team('a comma too many', '{"name":"a",}'),
  team('a comment', '{"name":"a"/**/}'),
  team('quotes of another kind', "{'name':'a'}"),
  team('something after the end', '{"name":"a"} {"name":"b"}'),
  team('a list in place of an object', '[{"name":"a"}]'),
  team('nothing', 'null'),
  team('infinity', '{"name":1e999}'),
  team('not a number', '{"name":NaN}'),
  team('half a character', '{"name":"a","title":"\\ud800"}'),
  team('nested without end', `{"name":"a","members":${nested('[', ']', 20_000)}}`),
  team('more values than there may be', `{"name":"a","members":[${'1,'.repeat(25_000)}1]}`),
  team('more octets than there may be', `{"name":"a","title":"${'x'.repeat(70_000)}"}`, '413 management.body-too-large'),
  post('lists in lists without end, to take the memory', '/catalog/plan', { text: '['.repeat(3_000_000) }, '422 catalog.unreadable'),
  post('a list without end, to take the time', '/catalog/plan', { text: `a: [${'a,'.repeat(1_000_000)}]` }, '422 catalog.unreadable'),
  post('a text that is nothing but faults, each with its place', '/catalog/plan', { text: faulty }, '422 catalog.unreadable'),
  post('one key, without end', '/catalog/plan', { text: `{"gatehouse":1,${'"a":1,'.repeat(300_000)}"a":1}` }, '422 catalog.unreadable'),
  post('one key of the body, without end', '/catalog/plan', `{"text":"",${'"a":1,'.repeat(300_000)}"a":1}`),
  team('a line break, to write another line of a log or a mail', '{"name":"a","title":"x\\r\\nBcc: all@example.org"}'),
  team('an escape, to write on terminals', '{"name":"a","title":"\\u001b[2J"}'),
  team('an escape of one octet', '{"name":"a","title":"\\u009b2J"}'),
  team('a line separator', '{"name":"a","title":"x\\u2028y"}'),
  team('writing from right to left, to look like another', '{"name":"a","title":"\\u202eevil"}'),
  team('when it was made, as one likes', '{"name":"a","created":"2020-01-01T00:00:00Z"}'),
  team('a contact with a line break', '{"name":"a","contacts":[{"kind":"mail","address":"a@example.org\\r\\nBcc: b@example.org"}]}'),
  team('a contact over plain HTTP', '{"name":"a","contacts":[{"kind":"webhook","url":"http://127.0.0.1:8081/api/v1/teams"}]}'),
  team('a contact with a password', '{"name":"a","contacts":[{"kind":"webhook","url":"https://u:p@hooks.example/"}]}'),
  team('a contact that is a file', '{"name":"a","contacts":[{"kind":"webhook","url":"file:///etc/passwd"}]}'),

  post('mass assignment: the handle of a key', '/consumers/filed/keys', { id: 'key_000000000000000000000000' }),
  post('mass assignment: the secret of a key', '/consumers/filed/keys', { secret: 'gth_live_AAAA' }),
  post('mass assignment: whose key it is', '/consumers/filed/keys', { consumer: 'other' }),
  post('mass assignment: who invites', '/people', { name: 'Eve', mail: 'eve@example.org', roles: [], teams: [], state: 'active' }),
  post('mass assignment: a password with the invitation', '/people', { name: 'Eve', mail: 'eve@example.org', roles: [], teams: [], password: 'x' }),
  post('mass assignment: the author of a draft', '/drafts', { message: 'x', author: { kind: 'person', id: 'person_ada' } }),
  post('mass assignment: an approval with the draft', '/drafts', { message: 'x', approvals: 5 }),
  post('a mail address with a line break', '/people', { name: 'Eve', mail: 'eve@example.org\r\nBcc: b@example.org', roles: [], teams: [] }),
  post('two mail addresses', '/people', { name: 'Eve', mail: 'eve@example.org, b@example.org', roles: [], teams: [] }),
  post(
    'a role that is a function of every object',
    '/people',
    { name: 'Eve', mail: 'eve@example.org', roles: ['constructor'], teams: [] },
    '422 people.unknown-role',
  ),
  post('an expiry that does not exist', '/consumers/filed/keys', { expires: '2027-02-30T00:00:00Z' }),
  post('an expiry beyond time', '/consumers/filed/keys', { expires: '+275760-09-13T00:00:00Z' }),
  put('another owner', '/roles/owner', { says: 'x', permissions: [], reach: 'all' }, '409 roles.built-in'),
  put('a permission that nobody declared', '/roles/more', { says: 'x', permissions: ['*'], reach: 'all' }),
  put(
    'a provider in clear',
    '/providers/evil',
    { says: 'x', issuer: 'http://evil.example', clientId: 'x', clientSecret: 'x', provesSecondFactor: true },
    '422 providers.issuer-not-https',
  ),
  put(
    'a provider with a password',
    '/providers/evil',
    { says: 'x', issuer: 'https://u:p@evil.example', clientId: 'x', clientSecret: 'x', provesSecondFactor: true },
    '422 providers.issuer-not-https',
  ),
  post('a way back to another site', '/session/single-sign-on', { provider: 'main', returnTo: 'https://evil.example' }, '422 session.bad-return-path'),
  post('a mark that no caller can have made', '/session/single-sign-on/callback', { provider: 'main', query: 'code=x&state=y' }, '403 session.begin-again'),
  { ...put('a state by a weak tag', '/secrets/s', { value: 'x' }, '412 management.stale'), headers: { 'if-match': 'W/"absent"' } },
  { ...put('any state, and one more', '/secrets/s', { value: 'x' }, '412 management.stale'), headers: { 'if-match': '*, "x"' } },
  { ...put('no state', '/secrets/s', { value: 'x' }, '412 management.stale'), headers: { 'if-match': '' } },
  { ...post('an idempotency key with a line break', '/drafts', { message: 'x' }), headers: { 'idempotency-key': '"a"; b' } },
]
