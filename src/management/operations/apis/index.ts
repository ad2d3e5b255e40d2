// The operations on APIs, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { compareVersions } from './compare-versions.ts'
import { createPatch } from './create-patch.ts'
import { listPatches } from './list-patches.ts'
import { listVersions } from './list-versions.ts'
import { purgeResponses } from './purge-responses.ts'
import { removePatch } from './remove-patch.ts'

export const apisOperations: readonly AnyOperation[] = [compareVersions, createPatch, listPatches, listVersions, purgeResponses, removePatch]
