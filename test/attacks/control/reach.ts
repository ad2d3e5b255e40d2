// What one would publish by the console to have the gateway, or Gatehouse itself, look where its operator does not want it to: objects, each with its fault.

export interface ReachAttack {
  readonly name: string
  readonly kind: string
  readonly value: unknown
  /** The code of a fault; undefined: it may be published. */
  readonly fault: string | undefined
}
const upstream = (name: string, url: string, fault: string): ReachAttack => ({
  name,
  kind: 'api',
  value: { path: '/evil', public: true, upstream: url },
  fault,
})
const document = (name: string, openapi: string): ReachAttack => ({
  name: `an OpenAPI document by ${name}`,
  kind: 'api',
  value: { path: '/evil', public: true, upstream: 'http://evil.example', openapi },
  fault: 'console-file',
})
const text = (name: string, value: string, fault: string): ReachAttack => ({ name, kind: 'document', value, fault })
const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]', ...[...'bcdefgh'].map((sign, i) => `${sign}: &${sign} [${`*${'abcdefg'[i]},`.repeat(10)}]`)].join('\n')

export const reachAttacks: readonly ReachAttack[] = [
  upstream('the metadata service', 'http://169.254.169.254', 'forbidden-upstream'),
  upstream('the metadata service, mapped into IPv6', 'http://[::ffff:169.254.169.254]', 'forbidden-upstream'),
  upstream('the metadata service by its name', 'http://metadata.google.internal', 'forbidden-upstream'),
  upstream('the control listener', 'http://127.0.0.1:CONTROL', 'upstream-is-control'),
  upstream('the control listener by a name', 'http://localhost:CONTROL', 'upstream-is-control'),
  upstream('another service of this machine', 'http://127.0.0.1:22', 'private-upstream'),
  upstream('a name below localhost', 'http://a.localhost', 'private-upstream'),
  upstream('a name with its dot', 'http://localhost.:8081', 'bad-upstream'),
  upstream('an address as a number', 'http://2130706433', 'bad-upstream'),
  upstream('an address with parts left out', 'http://127.1', 'bad-upstream'),
  upstream('an address in octal', 'http://0177.0.0.1', 'bad-upstream'),
  upstream('the address of no host', 'http://0.0.0.0', 'forbidden-upstream'),
  upstream('a private network', 'http://10.0.0.1', 'private-upstream'),
  upstream('a private network by NAT64', 'http://[64:ff9b::a00:1]', 'private-upstream'),
  upstream('a private network by 6to4', 'http://[2002:a00:1::1]', 'private-upstream'),
  upstream('somebody before the host', 'http://good.example@127.0.0.1', 'upstream-credentials'),
  upstream('another scheme', 'file:///etc/passwd', 'bad-upstream'),
  upstream('a line break', 'http://evil.example/\r\nX-Admin: yes', 'bad-upstream'),
  document('an absolute path', '/etc/passwd'),
  document('a path beside the configuration', './data/admin-token'),
  document('a URL of a file', 'file:///etc/passwd'),
  document('a URL', 'http://169.254.169.254/latest/meta-data'),
  text('a bomb of aliases', bomb, 'too-many-values'),
  text('nesting without end', '['.repeat(20_000), 'too-deep'),
  { name: 'certificates of a file', kind: 'trust-store', value: { certificates: { file: '/etc/passwd' } }, fault: 'console-reference' },
  { name: 'a key’s hash out of the environment', kind: 'consumer', value: { apis: ['apples'], keys: [{ hash: { env: 'PATH' } }] }, fault: 'console-reference' },
  { name: 'a network that is a file', kind: 'address-list', value: ['file:///etc/passwd'], fault: 'bad-network' },
]
