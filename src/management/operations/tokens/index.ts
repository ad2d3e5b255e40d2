// The operations on tokens, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { listOwnTokens } from './list-own-tokens.ts'
import { listTokens } from './list-tokens.ts'
import { mintToken } from './mint-token.ts'
import { revokeOwnToken } from './revoke-own-token.ts'
import { revokeToken } from './revoke-token.ts'

export const tokensOperations: readonly AnyOperation[] = [listOwnTokens, listTokens, mintToken, revokeOwnToken, revokeToken]
