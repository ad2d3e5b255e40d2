// The operations on providers, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { getProvider } from './get-provider.ts'
import { listProviders } from './list-providers.ts'
import { putProvider } from './put-provider.ts'
import { removeProvider } from './remove-provider.ts'

export const providersOperations: readonly AnyOperation[] = [getProvider, listProviders, putProvider, removeProvider]
