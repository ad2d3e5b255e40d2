// What the `settings` section refers to must be there.
import type { Fault, Path } from '../../base/fault.ts'
import type { OperatorSettings } from '../sections/operator-settings.ts'
import type { SharedObjects } from './shared-objects.ts'

export function settingsFaults({ mail: server, webhooks }: OperatorSettings, shared: SharedObjects): Fault[] {
  const wanted: (readonly [name: string | undefined, path: Path])[] = [[server?.trust, ['settings', 'mail', 'trust']]]
  for (const [name, { trust }] of Object.entries(webhooks)) wanted.push([trust, ['settings', 'webhooks', name, 'trust']])
  return wanted.flatMap(([name, path]) => (name === undefined ? [] : (shared.missing('trustStores', name, path) ?? [])))
}
