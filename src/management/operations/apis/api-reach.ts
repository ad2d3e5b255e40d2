// Which API an operation below /apis/{api} is about: one that is there, or none.
import { apiOf } from '../../../model/names.ts'
import type { Call } from '../../operation.ts'

export function thisApi({ parameters, plane }: Call<{ readonly api: string }>): readonly string[] | undefined {
  const { snapshot } = plane.services.catalog.configuration
  return snapshot.apis.some(({ name }) => apiOf(name) === parameters.api) ? [parameters.api] : undefined
}
